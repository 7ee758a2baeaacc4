// Futex: sleeping until a word of user memory is said to have changed.
//
// Linux: kernel/futex.c. Process context; sleeps. A futex is known by its page and the offset in it where memory is shared, here by address space and address:
// threads of a process. Lock: that of the bucket, which guards its list. The waiter is in the list before the word is read, so no wake-up between look and sleep
// is lost.

using System.Runtime;
using System.Runtime.CompilerServices;

namespace CSharpOS.Processes;

/// <summary>The futex call.</summary>
public static unsafe class Futex
{
    private const int OperationWait = 0, OperationWake = 1, OperationWaitBits = 9, OperationWakeBits = 10, PrivateFlag = 128, ClockRealtime = 256;
    private const uint AllBits = uint.MaxValue;
    private const int BucketCount = 64;

    private static BucketArray s_buckets;

    internal static void Init()
    {
        for (int i = 0; i < BucketCount; i++)
        {
            Bucket* bucket = BucketAt(i);
            bucket->Lock.Init();
            ListHead.Init(&bucket->Waiters);
        }
    }

    /// <summary>Wakes up to <paramref name="count"/> threads that wait at <paramref name="address"/> of the current address space.</summary>
    /// <returns>How many.</returns>
    /// <linux>futex_wake</linux>
    internal static int Wake(uint* address, int count) => Wake(address, count, AllBits);

    private static int Wake(uint* address, int count, uint bits)
    {
        Bucket* bucket = BucketOf(Current->Mm, (ulong)address);
        int woken = 0;
        bucket->Lock.Lock();
        ListHead* link = bucket->Waiters.Next;
        while (link != &bucket->Waiters && woken < count)
        {
            var waiter = (Waiter*)link;
            link = link->Next;
            if (waiter->Mm == Current->Mm && waiter->Address == (ulong)address && (waiter->Bits & bits) != 0)
            {
                ListHead.DelInit(&waiter->Link);
                TaskStruct* task = waiter->Task;
                Shared.WriteOnce(ref waiter->Woken, 1);
                Scheduler.WakeUpProcess(task);
                woken++;
            }
        }

        bucket->Lock.Unlock();
        return woken;
    }

    // The fifth argument is a second address, of operations that are not here.
    [RuntimeExport("sys_futex")]
    private static long SysFutex(uint* address, int operation, uint value, Syscalls.Timespec64* timeout, ulong second, uint bits)
    {
        long nanoseconds = -1;
        if (timeout != null && Waits(operation))
        {
            if (Uaccess.GetUser(out Syscalls.Timespec64 time, timeout) != 0)
            {
                return -EFAULT;
            }

            if (!time.IsValid)
            {
                return -EINVAL;
            }

            nanoseconds = Left(operation, time.Nanoseconds);
        }

        return Do(address, operation, value, nanoseconds, bits);
    }

    [RuntimeExport("compat_sys_futex")]
    private static long CompatSysFutex(uint* address, int operation, uint value, Syscalls.Timespec32* timeout, ulong second, uint bits)
    {
        long nanoseconds = -1;
        if (timeout != null && Waits(operation))
        {
            if (Uaccess.GetUser(out Syscalls.Timespec32 time, timeout) != 0)
            {
                return -EFAULT;
            }

            if (!time.IsValid)
            {
                return -EINVAL;
            }

            nanoseconds = Left(operation, time.Nanoseconds);
        }

        return Do(address, operation, value, nanoseconds, bits);
    }

    private static int Kind(int operation) => operation & ~(PrivateFlag | ClockRealtime);

    private static bool Waits(int operation) => Kind(operation) is OperationWait or OperationWaitBits;

    // The time of a plain wait is a span; with bits it is a moment of one of two clocks.
    private static long Left(int operation, long time) => Kind(operation) == OperationWait ? time
        : Math.Max(0, time - Syscalls.Clocks.Read((operation & ClockRealtime) != 0 ? Syscalls.Clocks.Realtime : Syscalls.Clocks.Monotonic));

    private static long Do(uint* address, int operation, uint value, long timeout, uint bits)
    {
        if (((ulong)address & 3) != 0)
        {
            return -EINVAL;
        }

        if (!Uaccess.AccessOk(address, sizeof(uint)))
        {
            return -EFAULT;
        }

        return Kind(operation) switch
        {
            OperationWait => Wait(address, value, timeout, AllBits),
            OperationWake => Wake(address, (int)value),
            OperationWaitBits or OperationWakeBits when bits == 0 => -EINVAL,
            OperationWaitBits => Wait(address, value, timeout, bits),
            OperationWakeBits => Wake(address, (int)value, bits),
            _ => -ENOSYS,
        };
    }

    private static long Wait(uint* address, uint expected, long timeout, uint bits)
    {
        Bucket* bucket = BucketOf(Current->Mm, (ulong)address);
        Waiter waiter;
        waiter.Task = Current;
        waiter.Mm = Current->Mm;
        waiter.Address = (ulong)address;
        waiter.Bits = bits;
        waiter.Woken = 0;

        // In the list first, then a look at the word, which may sleep: whoever changes the word afterwards finds the waiter.
        bucket->Lock.Lock();
        ListHead.AddTail(&waiter.Link, &bucket->Waiters);
        bucket->Lock.Unlock();
        Mb();
        int result = Uaccess.GetUser(out uint found, address);
        if (result == 0 && found != expected)
        {
            result = -EAGAIN;
        }

        long end = timeout < 0 ? long.MaxValue : KtimeGet() + timeout;
        while (result == 0 && Shared.ReadOnce(ref waiter.Woken) == 0)
        {
            result = Sleep(ref waiter.Woken, end, timeout >= 0);
        }

        bucket->Lock.Lock();
        ListHead.DelInit(&waiter.Link);
        bucket->Lock.Unlock();
        return Shared.ReadOnce(ref waiter.Woken) != 0 ? 0 : result;
    }

    private static int Sleep(ref int woken, long end, bool limited)
    {
        Scheduler.SetCurrentState(TaskState.Interruptible);
        int result = 0;
        if (Shared.ReadOnce(ref woken) == 0)
        {
            if (Scheduler.SignalPending(Current))
            {
                result = limited ? -EINTR : -ERESTARTSYS;
            }
            else if (!limited)
            {
                Scheduler.Schedule();
            }
            else if (ScheduleHrtimeout(end, HrtimerMode.Abs) == 0)
            {
                result = -ETIMEDOUT;
            }
        }

        Scheduler.SetCurrentStateNoBarrier(TaskState.Running);
        return result;
    }

    private static Bucket* BucketOf(MmStruct* mm, ulong address) => BucketAt((int)(((address >> 2) ^ ((ulong)mm >> 8)) % BucketCount));

    private static Bucket* BucketAt(int index) => (Bucket*)Unsafe.AsPointer(ref s_buckets) + index;

    private struct Waiter
    {
        public ListHead Link;
        public TaskStruct* Task;
        public MmStruct* Mm;
        public ulong Address;

        // Which wake-ups it listens to.
        public uint Bits;
        public int Woken;
    }

    private struct Bucket
    {
        public SpinLock Lock;
        public ListHead Waiters;
    }

    [InlineArray(BucketCount)]
    private struct BucketArray
    {
        private Bucket _first;
    }
}
