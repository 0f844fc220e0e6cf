import { useDroppable } from "@dnd-kit/core";
import { Badge, Group, Text } from "@mantine/core";
import { Virtualizer } from "virtua";

import type { ProjectDetails, TaskCard, TaskStatus } from "../../api/types";
import { m } from "../../i18n";
import { getMark, type Place } from "../order/place";
import { QuickCreate } from "../task/QuickCreate";
import classes from "./Board.module.css";
import { DraggableCard } from "./DraggableCard";

interface Props {
  status: TaskStatus;
  tasks: TaskCard[];
  project: ProjectDetails;
  isEditable: boolean;
  isManual: boolean;
  /** The place of the dragged card, if it is in this column. */
  place: Place | null;
  onOpen: (id: string) => void;
}

/** A usual height, in pixels, until a card is measured. */
const CARD_HEIGHT = 104;

/** A column of the board. It renders only the cards in sight. */
export function Column({ status, tasks, place, onOpen, ...props }: Props) {
  const { setNodeRef, isOver } = useDroppable({ id: status });
  const { project, isEditable } = props;
  const title = m.status[status];
  return (
    <section
      ref={setNodeRef}
      className={classes.column}
      data-status={status}
      data-over={isOver || place !== null || undefined}
      aria-label={title}
    >
      <Group gap={8} px={4} pb={8}>
        <span className={classes.dot} aria-hidden />
        <Text fw={600} size="sm" component="h2">
          {title}
        </Text>
        <Badge variant="default" size="sm" radius="sm" aria-label={m.board.count(tasks.length)}>
          {tasks.length}
        </Badge>
      </Group>
      <div className={classes.scroller}>
        <Virtualizer as="ul" item="li" data={tasks} itemSize={CARD_HEIGHT}>
          {(task) => (
            <div key={task.id} className={classes.slot}>
              <DraggableCard
                {...props}
                task={task}
                mark={getMark(place, task.id)}
                onOpen={onOpen}
              />
            </div>
          )}
        </Virtualizer>
      </div>
      {isEditable && <QuickCreate projectId={project.id} status={status} />}
    </section>
  );
}
