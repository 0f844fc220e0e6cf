import { useDisclosure } from "@mantine/hooks";
import { type ComponentProps, type ComponentType, lazy, Suspense } from "react";

type ButtonProps = Pick<
  ComponentProps<"button">,
  "aria-haspopup" | "aria-expanded" | "onPointerEnter" | "onClick"
>;

/**
 * Returns a menu whose code is loaded when it is opened for the first time. Until then `Button`, which
 * is also the button of the menu itself, is in its place.
 */
export function menuOnDemand<Props extends object>(
  Button: ComponentType<ButtonProps>,
  load: () => Promise<{ default: ComponentType<Props> }>,
) {
  const Menu = lazy(load);
  return function MenuOnDemand(props: Props) {
    const [isWanted, { open }] = useDisclosure();
    const button = (
      <Button
        aria-haspopup="menu"
        aria-expanded={false}
        onPointerEnter={() => void load()}
        onClick={open}
      />
    );
    return isWanted ? (
      <Suspense fallback={button}>
        <Menu {...props} />
      </Suspense>
    ) : (
      button
    );
  };
}
