import { Modal } from "@mantine/core";

import { ConflictChoice } from "../../components/ConflictChoice";
import { m } from "../../i18n";
import { closeConflict, type OpenConflict } from "./dialogStores";
import { useChangeTask } from "./mutations";
import { useFieldText } from "./useFieldText";

/** Asks which values to keep when somebody else has changed the same fields of a task. */
export default function ConflictDialog({ conflict }: { conflict: OpenConflict }) {
  const { current, patch, fields } = conflict;
  const change = useChangeTask();
  const describe = useFieldText(current.project);
  return (
    // The buttons are the only answers: nothing else may discard what the person has typed.
    <Modal
      opened
      onClose={() => undefined}
      closeOnEscape={false}
      closeOnClickOutside={false}
      withCloseButton={false}
      title={m.conflict.title}
      size="lg"
    >
      <ConflictChoice
        intro={m.conflict.intro(current.key)}
        rows={fields.map(({ field, mine, theirs }) => ({
          name: m.fields[field],
          mine: describe(field, mine),
          theirs: describe(field, theirs),
        }))}
        onKeepTheirs={closeConflict}
        onKeepMine={() => {
          change.mutate({ task: current, patch });
          closeConflict();
        }}
      />
    </Modal>
  );
}
