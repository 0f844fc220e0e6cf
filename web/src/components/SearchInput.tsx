import { TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { IconSearch } from "@tabler/icons-react";
import { useState } from "react";

interface Props {
  label: string;
  initial: string;
  /** Called some time after the person has stopped typing. */
  onSearch: (text: string) => void;
  wait: number;
}

/** A field for words to search for. */
export function SearchInput({ label, initial, onSearch, wait }: Props) {
  const [text, setText] = useState(initial);
  const search = useDebouncedCallback(onSearch, wait);
  return (
    <TextInput
      size="xs"
      w={{ base: "calc(50% - 4px)", xs: 200 }}
      aria-label={label}
      placeholder={label}
      leftSection={<IconSearch size={14} aria-hidden />}
      value={text}
      onChange={(event) => {
        setText(event.currentTarget.value);
        search(event.currentTarget.value);
      }}
    />
  );
}
