import { Avatar } from "@mantine/core";

interface Props {
  name: string;
  size?: number;
  src?: string | null | undefined;
}

/** The picture of a person, or their initials. It is decoration: the name is always near it. */
export function PersonAvatar({ name, size = 24, src }: Props) {
  return (
    <Avatar
      name={name}
      color="initials"
      allowedInitialsColors={["indigo", "teal", "grape", "orange", "cyan", "pink"]}
      size={size}
      src={src ?? null}
      alt=""
      aria-hidden
      styles={{
        // The colors of Mantine have too little contrast for small initials.
        placeholder: {
          color: "light-dark(var(--mantine-color-gray-9), var(--mantine-color-gray-0))",
        },
      }}
    />
  );
}
