import { useDroppable } from "@dnd-kit/core";
import { Badge, Group, Text } from "@mantine/core";
import { useEffect, useRef } from "react";
import { Virtualizer, type VirtualizerHandle } from "virtua";

import type { ProjectDetails, TaskCard, TaskStatus } from "../../api/types";
import { useIsPrinting } from "../../components/store";
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
  /** The card that has the focus after a move with the keyboard, if it is in this column. */
  focusedId: string | null;
  onOpen: (id: string) => void;
}

/** A usual height, in pixels, until a card is measured. */
const CARD_HEIGHT = 104;

/** A column of the board. It renders only the cards in sight; paper has all of them. */
export function Column({ status, tasks, place, focusedId, onOpen, ...props }: Props) {
  const { setNodeRef, isOver } = useDroppable({ id: status });
  const { project, isEditable } = props;
  const isPrinting = useIsPrinting();
  const cards = useRef<VirtualizerHandle>(null);
  const focusedIndex = tasks.findIndex(({ id }) => id === focusedId);
  useEffect(() => {
    if (focusedIndex !== -1) {
      cards.current?.scrollToIndex(focusedIndex, { align: "nearest" });
    }
  }, [focusedIndex]);
  const title = m.status[status];
  const renderCard = (task: TaskCard) => (
    <div key={task.id} className={classes.slot}>
      <DraggableCard
        {...props}
        task={task}
        mark={getMark(place, task.id)}
        isFocused={task.id === focusedId}
        onOpen={onOpen}
      />
    </div>
  );
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
        {isPrinting ? (
          tasks.map(renderCard)
        ) : (
          <Virtualizer ref={cards} as="ul" item="li" data={tasks} itemSize={CARD_HEIGHT}>
            {renderCard}
          </Virtualizer>
        )}
      </div>
      {isEditable && <QuickCreate projectId={project.id} status={status} />}
    </section>
  );
}
