import { Button, Checkbox, Group, Modal, Stack, TextInput } from "@mantine/core";
import { useState } from "react";

import { ProblemAlert } from "../../components/ProblemAlert";
import { useFields } from "../../components/useFields";
import { m } from "../../i18n";

interface Props {
  title: string;
  name?: string;
  /** Whether the person can make the view one of the project. */
  canShare?: boolean;
  error: unknown;
  isPending: boolean;
  onClose: () => void;
  onSave: (name: string, isShared: boolean) => void;
}

/** Asks for the name of a saved view, and who sees a new one. */
export function ViewDialog({ title, name = "", canShare = false, ...props }: Props) {
  const { error, isPending, onClose, onSave } = props;
  const [isShared, setShared] = useState(false);
  const { values, bind } = useFields({ name }, error);
  return (
    <Modal opened onClose={onClose} title={title}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          onSave(values.name, isShared);
        }}
      >
        <Stack>
          <ProblemAlert error={error} fields={["name"]} />
          <TextInput
            label={m.views.name}
            required
            maxLength={100}
            data-autofocus
            {...bind("name")}
          />
          {canShare && (
            <Checkbox
              label={m.views.share}
              checked={isShared}
              onChange={(event) => setShared(event.currentTarget.checked)}
            />
          )}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {m.common.cancel}
            </Button>
            <Button type="submit" loading={isPending}>
              {m.common.save}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
