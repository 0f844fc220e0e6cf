import { useDisclosure, useHotkeys } from "@mantine/hooks";
import { useEffect } from "react";
import { useNavigate } from "react-router";

import { onDemand } from "../components/onDemand";
import { onShowShortcuts } from "./showShortcuts";

const ShortcutList = onDemand(() => import("./ShortcutList"));

/** The keyboard shortcuts of all pages, and their list. */
export function Shortcuts() {
  const [isOpen, { open, close }] = useDisclosure();
  const navigate = useNavigate();
  useEffect(() => onShowShortcuts(open), [open]);
  useHotkeys([
    ["shift+?", open],
    ["?", open],
    ["g", () => void navigate("/")],
    ["m", () => void navigate("/tasks")],
  ]);
  return <ShortcutList isOpen={isOpen} onClose={close} />;
}
