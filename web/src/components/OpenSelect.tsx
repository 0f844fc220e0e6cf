import { Select, type SelectProps } from "@mantine/core";

import { useOpenOnMount } from "./useOpenOnMount";

/** A Select that opens as soon as it is there. */
export default function OpenSelect(props: SelectProps) {
  const { isOpen, setOpen, button } = useOpenOnMount<HTMLInputElement>();
  return (
    <Select
      {...props}
      ref={button}
      dropdownOpened={isOpen}
      onDropdownOpen={() => setOpen(true)}
      onDropdownClose={() => setOpen(false)}
    />
  );
}
