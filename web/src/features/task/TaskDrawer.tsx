import { onDemand } from "../../components/onDemand";
import { useOpenTask } from "./useOpenTask";

const TaskPanel = onDemand(() => import("./TaskPanel"));

/** Shows the task in the address beside the page. */
export function TaskDrawer() {
  const [id, open] = useOpenTask();
  return <TaskPanel isOpen={id !== null} taskId={id} onClose={() => open(null)} />;
}
