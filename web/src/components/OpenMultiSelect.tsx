import { MultiSelect, type MultiSelectProps } from "@mantine/core";

import { useOpenOnMount } from "./useOpenOnMount";

/** A MultiSelect that opens as soon as it is there. */
export default function OpenMultiSelect(props: MultiSelectProps) {
  const { isOpen, setOpen, button } = useOpenOnMount<HTMLInputElement>();
  return (
    <MultiSelect
      {...props}
      ref={button}
      dropdownOpened={isOpen}
      onDropdownOpen={() => setOpen(true)}
      onDropdownClose={() => setOpen(false)}
    />
  );
}
