import { Modal } from "@mantine/core";

import { m } from "../../i18n";
import { NewProjectForm } from "./NewProjectForm";

interface Props {
  isOpen: boolean;
  onClose: () => void;
}

export default function NewProjectDialog({ isOpen, onClose }: Props) {
  return (
    <Modal opened={isOpen} onClose={onClose} title={m.projects.create}>
      <NewProjectForm onClose={onClose} />
    </Modal>
  );
}
