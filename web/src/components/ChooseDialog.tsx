import { Button, Group, Modal, Select, Stack, Text } from "@mantine/core";
import { useState } from "react";

import { m } from "../i18n";
import { ProblemAlert } from "./ProblemAlert";

interface Props {
  title: string;
  hint: string;
  label: string;
  options: { value: string; label: string }[];
  button: string;
  color?: string;
  error: unknown;
  isPending: boolean;
  onClose: () => void;
  onChoose: (value: string) => void;
}

/** Asks for one of several things, and does something with it. */
export function ChooseDialog({ title, hint, label, options, onClose, onChoose, ...props }: Props) {
  const [chosen, setChosen] = useState<string | null>(null);
  return (
    <Modal opened onClose={onClose} title={title}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (chosen !== null) {
            onChoose(chosen);
          }
        }}
      >
        <Stack>
          <ProblemAlert error={props.error} />
          <Text size="sm">{hint}</Text>
          <Select
            label={label}
            required
            searchable
            data-autofocus
            data={options}
            nothingFoundMessage={m.common.none}
            value={chosen}
            onChange={setChosen}
          />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {m.common.cancel}
            </Button>
            <Button
              type="submit"
              loading={props.isPending}
              disabled={chosen === null}
              {...(props.color !== undefined && { color: props.color })}
            >
              {props.button}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
