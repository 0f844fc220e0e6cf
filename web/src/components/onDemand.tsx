import { type ComponentType, lazy, Suspense, useState } from "react";

/** Returns a dialog whose code is loaded when it opens for the first time. */
export function onDemand<Props extends { isOpen: boolean }>(
  load: () => Promise<{ default: ComponentType<Props> }>,
) {
  const Dialog = lazy(load);
  return function DialogOnDemand(props: Props) {
    const [wasOpen, setWasOpen] = useState(props.isOpen);
    if (props.isOpen && !wasOpen) {
      setWasOpen(true);
    }
    return (
      wasOpen && (
        <Suspense>
          <Dialog {...props} />
        </Suspense>
      )
    );
  };
}
