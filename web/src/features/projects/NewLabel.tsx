import { Button, ColorInput, Group, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";

import { api, idempotencyKey } from "../../api/client";
import { unwrap } from "../../api/problems";
import { ProblemAlert } from "../../components/ProblemAlert";
import { useFields } from "../../components/useFields";
import { m } from "../../i18n";

const COLORS = [
  "#868e96",
  "#fa5252",
  "#e64980",
  "#7950f2",
  "#4c6ef5",
  "#228be6",
  "#12b886",
  "#fab005",
];

interface Props {
  projectId: string;
  onCreated: () => void;
}

/** The form for a new label. */
export default function NewLabel({ projectId, onCreated }: Props) {
  const [color, setColor] = useState("#4c6ef5");
  const create = useMutation({
    mutationFn: (name: string) =>
      unwrap(
        api.POST("/api/projects/{project_id}/labels", {
          params: { path: { project_id: projectId }, header: idempotencyKey() },
          body: { name, color: color.toLowerCase() },
        }),
      ),
    onSuccess: () => {
      fields.reset();
      onCreated();
    },
  });
  const fields = useFields({ name: "" }, create.error);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        create.mutate(fields.values.name);
      }}
    >
      <ProblemAlert error={create.error} fields={["name"]} />
      <Group align="flex-end" gap="xs">
        <TextInput label={m.labels.name} required maxLength={50} {...fields.bind("name")} />
        <ColorInput
          w={140}
          label={m.labels.color}
          format="hex"
          swatches={COLORS}
          value={color}
          onChange={setColor}
          eyeDropperButtonProps={{ "aria-label": m.labels.pickColor }}
        />
        <Button type="submit" variant="default" loading={create.isPending}>
          {m.common.create}
        </Button>
      </Group>
    </form>
  );
}
