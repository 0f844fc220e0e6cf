import { InputBase, type MultiSelectProps, type SelectProps } from "@mantine/core";
import { IconSelector } from "@tabler/icons-react";
import { lazy, Suspense, useState } from "react";

const load = () => import("./OpenSelect");
const OpenSelect = lazy(load);
const loadMultiple = () => import("./OpenMultiSelect");
const OpenMultiSelect = lazy(loadMultiple);

type Option = string | { value: string; label: string };
type Props = SelectProps & { data: Option[] };
type MultipleProps = MultiSelectProps & { data: Option[]; value: string[] };

/**
 * Mantine's Select. The code of its list is loaded when it is used for the first time. Several values
 * with commas between them, which a saved view can have, are shown as an option of their own.
 */
export function Select(given: Props) {
  const [isUsed, setUsed] = useState(false);
  const props = { ...given, data: addCombination(given.data, given.value) };
  const chosen = props.data.map(toItem).find(({ value }) => value === props.value);
  const closed = (
    <ClosedSelect
      {...props}
      text={chosen?.label ?? ""}
      onNear={() => void load()}
      onUse={() => setUsed(true)}
    />
  );
  return isUsed ? (
    <Suspense fallback={closed}>
      <OpenSelect {...props} />
    </Suspense>
  ) : (
    closed
  );
}

/** Mantine's MultiSelect, whose code is loaded in the same way. */
export function MultiSelect(props: MultipleProps) {
  const [isUsed, setUsed] = useState(false);
  const chosen = props.data.map(toItem).filter(({ value }) => props.value.includes(value));
  const closed = (
    <ClosedSelect
      {...props}
      text={chosen.map(({ label }) => label).join(", ")}
      onNear={() => void loadMultiple()}
      onUse={() => setUsed(true)}
    />
  );
  return isUsed ? (
    <Suspense fallback={closed}>
      <OpenMultiSelect {...props} />
    </Suspense>
  ) : (
    closed
  );
}

function addCombination(data: Option[], value: string | null | undefined): Option[] {
  const items = data.map(toItem);
  if (!value?.includes(",") || items.some((item) => item.value === value)) {
    return data;
  }
  const names = value.split(",").map((each) => items.find((item) => item.value === each)?.label);
  return [{ value, label: names.map((name) => name ?? "…").join(", ") }, ...data];
}

const toItem = (option: Option) =>
  typeof option === "string" ? { value: option, label: option } : option;

type ClosedProps = Pick<
  SelectProps,
  "label" | "description" | "placeholder" | "size" | "w" | "readOnly" | "searchable" | "aria-label"
> & {
  text: string;
  onNear: () => void;
  onUse: () => void;
};

/** Looks like a Select and says the same to screen readers. */
function ClosedSelect({ text, onNear, onUse, searchable = false, ...props }: ClosedProps) {
  const { label, description, placeholder, size, w, readOnly } = props;
  return (
    <InputBase
      {...{ label, description, placeholder, size, w }}
      aria-label={props["aria-label"]}
      role="combobox"
      aria-expanded={false}
      aria-haspopup="listbox"
      readOnly
      pointer={!readOnly}
      rightSection={<IconSelector size={14} aria-hidden />}
      rightSectionPointerEvents="none"
      value={text}
      onPointerEnter={onNear}
      onFocus={onNear}
      onClick={() => !readOnly && onUse()}
      onKeyDown={({ key }) => {
        const isSearch = searchable && key.length === 1;
        if (!readOnly && (isSearch || ["ArrowDown", "ArrowUp", "Enter"].includes(key))) {
          onUse();
        }
      }}
    />
  );
}
