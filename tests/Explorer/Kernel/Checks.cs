// Checks that are no part of what is explored: call traces of the lock validator (which stays off here), stack ends, watchdogs.

namespace CSharpOS.Locking
{
    internal static class LockTraces
    {
        internal static void Init()
        {
        }

        internal static int Here() => 0;

        internal static void Print(int number)
        {
        }
    }
}

namespace CSharpOS.Debugging
{
    internal static unsafe class StackEnd
    {
        internal static void Mark(TaskStruct* task)
        {
        }

        internal static void Check(TaskStruct* task)
        {
        }
    }

    internal static class Watchdog
    {
        internal static void Tick()
        {
        }
    }
}
