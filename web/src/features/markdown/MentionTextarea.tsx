import { Box, Paper, Text, Textarea, type TextareaProps, VisuallyHidden } from "@mantine/core";
import { type ChangeEvent, type KeyboardEvent, useId, useRef, useState } from "react";

import type { Member } from "../../api/types";
import { getName } from "../projects/queries";
import classes from "./Markdown.module.css";
import { findMention, type Mention, suggestMembers } from "./mentions";
import { texts } from "./texts";

interface Props extends Omit<TextareaProps, "value" | "onChange" | "onKeyDown"> {
  value: string;
  onChange: (text: string) => void;
  members: Member[];
  /** Called for Ctrl and Enter. */
  onSubmit?: (() => void) | undefined;
}

/** A text area that suggests members after an `@`. */
export function MentionTextarea({ value, onChange, members, onSubmit, ...props }: Props) {
  const listId = useId();
  const input = useRef<HTMLTextAreaElement>(null);
  const [mention, setMention] = useState<Mention | null>(null);
  const [selected, setSelected] = useState(0);
  const suggestions = mention ? suggestMembers(members, mention.query) : [];
  const isOpen = suggestions.length > 0;

  function change(event: ChangeEvent<HTMLTextAreaElement>) {
    const { value: text, selectionStart } = event.currentTarget;
    onChange(text);
    setMention(findMention(text, selectionStart));
    setSelected(0);
  }

  function choose(member: Member | undefined) {
    const area = input.current;
    if (mention && member && area) {
      const end = mention.start + 1 + mention.query.length;
      area.setRangeText(`@${member.username} `, mention.start, end, "end");
      area.focus();
      onChange(area.value);
    }
    setMention(null);
  }

  function press(event: KeyboardEvent) {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      onSubmit?.();
      return;
    }
    const steps: Record<string, number> = { ArrowDown: 1, ArrowUp: -1 };
    const step = steps[event.key];
    const isChoice = event.key === "Enter" || event.key === "Tab";
    if (!isOpen || event.nativeEvent.isComposing) {
      return;
    }
    if (step !== undefined) {
      setSelected((selected + step + suggestions.length) % suggestions.length);
    } else if (isChoice) {
      choose(suggestions[selected]);
    } else if (event.key === "Escape") {
      setMention(null);
    } else {
      return;
    }
    event.preventDefault();
  }

  return (
    <Box pos="relative">
      <Textarea
        {...props}
        autosize
        ref={input}
        value={value}
        onChange={change}
        onKeyDown={press}
        onBlur={() => setMention(null)}
        aria-autocomplete="list"
        aria-haspopup="listbox"
        aria-controls={isOpen ? listId : undefined}
        aria-activedescendant={isOpen ? `${listId}-${selected}` : undefined}
        // Escape closes the suggestions and not the panel around them.
        data-mantine-stop-propagation={isOpen || undefined}
      />
      {isOpen && (
        <Paper
          id={listId}
          role="listbox"
          aria-label={texts.people}
          withBorder
          shadow="md"
          className={classes.suggestions}
        >
          {suggestions.map((member, index) => (
            <div
              key={member.user_id}
              id={`${listId}-${index}`}
              role="option"
              tabIndex={-1}
              aria-selected={index === selected}
              className={classes.suggestion}
              // A click must not take the focus from the text.
              onMouseDown={(event) => {
                event.preventDefault();
                choose(member);
              }}
            >
              <Text size="sm">{getName(member)}</Text>
              <Text size="xs" c="dimmed">
                @{member.username}
              </Text>
            </div>
          ))}
        </Paper>
      )}
      <VisuallyHidden role="status">
        {isOpen && texts.suggestions(suggestions.length)}
      </VisuallyHidden>
    </Box>
  );
}
