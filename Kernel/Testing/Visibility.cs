// The in-kernel suites look behind the public surface: at run queues, task states, reservations.

[assembly: System.Runtime.CompilerServices.InternalsVisibleTo("KernelSuites")]
