import { Group, Select } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useCallback, useState } from "react";

import type { RelationKind } from "../../api/types";
import { m } from "../../i18n";
import { useAddRelation, useTaskSearch } from "./queries";
import { texts } from "./texts";

const KINDS: RelationKind[] = ["blocked_by", "blocks", "relates_to", "duplicates", "duplicated_by"];

/** Relates a task to another one, which is found by its key or by words. */
export default function NewRelation({ taskId }: { taskId: string }) {
  const [kind, setKind] = useState<RelationKind>("blocked_by");
  const [text, setText] = useState("");
  const [searched] = useDebouncedValue(text.trim(), 250);
  const found = useTaskSearch(searched);
  const focus = useCallback((input: HTMLInputElement | null) => input?.focus(), []);
  const add = useAddRelation(taskId);
  const others = text === "" ? [] : (found.data?.filter(({ id }) => id !== taskId) ?? []);
  return (
    <Group gap="xs" mt={4}>
      <Select
        size="xs"
        w={150}
        aria-label={texts.kind}
        allowDeselect={false}
        data={KINDS.map((value) => ({ value, label: texts.kinds[value] }))}
        value={kind}
        onChange={(value) => value && setKind(value)}
      />
      <Select
        size="xs"
        flex={1}
        miw={180}
        aria-label={texts.add}
        placeholder={texts.find}
        ref={focus}
        searchable
        // The API has searched.
        filter={({ options }) => options}
        data={others.map(({ id, key, title }) => ({ value: id, label: `${key} ${title}` }))}
        nothingFoundMessage={found.isSuccess && text !== "" ? m.list.none : null}
        searchValue={text}
        onSearchChange={setText}
        value={null}
        disabled={add.isPending && !add.isPaused}
        onChange={(task) => {
          if (task !== null) {
            add.mutate({ kind, task });
            setText("");
          }
        }}
      />
    </Group>
  );
}
