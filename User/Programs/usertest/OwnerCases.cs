// OwnerCases: SIGIO for the owner of a file. Nobody gets it from somebody who might not have signalled him.
//
// A listener of user 2000, leader of a group in which a process of root is too, counts SIGIO; each says his count when asked through a pipe. The signal is
// pending before the write that causes it returns, so a question afterwards finds it counted. The group's number is the listener's.

using CSharpOS.User;

namespace CSharpOS.User.Programs;

internal static unsafe class OwnerCases
{
    private const int SIGIO = 29;
    private const int SetFlags = 4, SetOwner = 8, GetOwner = 9;
    private const int Async = 0x2000;

    private static int s_count;
    private static int s_ask, s_askRoot, s_answer, s_owner;
    private static int s_first, s_second;

    internal static void Owners()
    {
        Expect.Equal(0, Pipe(out int listenerAsk, out s_ask));
        Expect.Equal(0, Pipe(out int rootAsk, out s_askRoot));
        Expect.Equal(0, Pipe(out s_answer, out int answer));
        int listener = Listen(listenerAsk, answer, 2000, 0);
        int root = Listen(rootAsk, answer, 0, listener);

        Numbers(listener);

        // Nobody's business: neither he alone nor his group.
        Expect.Equal(0, Said(s_ask));
        s_owner = listener;
        As(1000, 1000);
        Expect.Equal(0, Said(s_ask));
        s_owner = -listener;
        As(1000, 1000);
        Expect.Equal(0, Said(s_ask));
        Expect.Equal(0, Said(s_askRoot));

        // The same user; of the group he alone gets it.
        s_owner = listener;
        As(2000, 2000);
        Expect.Equal(1, Said(s_ask));
        s_owner = -listener;
        As(2000, 2000);
        Expect.Equal(2, Said(s_ask));
        Expect.Equal(0, Said(s_askRoot));

        // Root; and what root has said while it was root, whoever it is when the signal is sent.
        As(0, 0);
        Expect.Equal(3, Said(s_ask));
        Expect.Equal(1, Said(s_askRoot));
        As(0, 1000);
        Expect.Equal(4, Said(s_ask));
        Expect.Equal(2, Said(s_askRoot));

        // An open file that one of another user has is his who named the owner.
        s_owner = listener;
        Expect.Equal(0, Pipe(out s_first, out s_second));
        Expect.Equal(0, _syscall3(__NR_fcntl64, s_first, SetOwner, s_owner));
        Expect.Equal(0, _syscall3(__NR_fcntl64, s_first, SetFlags, Async));
        Expect.Good(&NameAnew);
        Expect.Equal(1, Write(s_second, "x"u8));
        Expect.Equal(4, Said(s_ask));
        Close(s_first);
        Close(s_second);

        Close(s_ask);
        Close(s_askRoot);
        Expect.Equal(0, Expect.Wait(listener));
        Expect.Equal(0, Expect.Wait(root));
    }

    private static void Numbers(int listener)
    {
        Expect.Equal(0, Pipe(out int reader, out int writer));
        Expect.Equal(0, _syscall3(__NR_fcntl64, reader, GetOwner, 0));
        Expect.Equal(0, _syscall3(__NR_fcntl64, reader, SetOwner, listener));
        Expect.Equal(listener, _syscall3(__NR_fcntl64, reader, GetOwner, 0));
        Expect.Equal(0, (int)Syscall64(SyscallNumbers64.__NR_fcntl, reader, SetOwner, -listener));
        Expect.Equal(-listener, (int)Syscall64(SyscallNumbers64.__NR_fcntl, reader, GetOwner));

        // Nobody has this number: nobody is the owner.
        Expect.Equal(0, _syscall3(__NR_fcntl64, reader, SetOwner, 12345678));
        Expect.Equal(0, _syscall3(__NR_fcntl64, reader, GetOwner, 0));
        Expect.Equal(0, _syscall3(__NR_fcntl64, reader, SetOwner, -12345678));
        Expect.Equal(0, _syscall3(__NR_fcntl64, reader, GetOwner, 0));
        Expect.Error(EINVAL, _syscall3(__NR_fcntl64, reader, SetOwner, int.MinValue));
        Expect.Equal(0, _syscall3(__NR_fcntl64, reader, SetOwner, 0));
        Expect.Equal(0, _syscall3(__NR_fcntl64, reader, SetFlags, Async));
        Expect.Equal(1, Write(writer, "x"u8));
        Close(reader);
        Close(writer);
    }

    // A child makes itself the owner's namer as one user, and sends as another.
    private static void As(int setter, int sender)
    {
        s_first = setter;
        s_second = sender;
        Expect.Good(&NameAndSend);
    }

    private static void NameAndSend()
    {
        int sender = s_second;
        Expect.Equal(0, _syscall1(__NR_setuid32, s_first));
        Expect.Equal(0, Pipe(out int reader, out int writer));
        Expect.Equal(0, _syscall3(__NR_fcntl64, reader, SetOwner, s_owner));
        Expect.Equal(0, _syscall3(__NR_fcntl64, reader, SetFlags, Async));
        Expect.Equal(0, _syscall1(__NR_setuid32, sender));
        Expect.Equal(1, Write(writer, "x"u8));
    }

    private static void NameAnew()
    {
        Expect.Equal(0, _syscall1(__NR_setuid32, 1000));
        Expect.Equal(0, _syscall3(__NR_fcntl64, s_first, SetOwner, s_owner));
    }

    private static int Listen(int ask, int answer, int user, int group)
    {
        int pid = Fork();
        Expect.True(pid >= 0);
        if (pid == 0)
        {
            Close(s_ask);
            Close(s_askRoot);
            Signal(SIGIO, &Count);
            Expect.Equal(0, Setpgid(0, group));
            Expect.Equal(0, _syscall1(__NR_setuid32, user));
            byte letter = 0;
            while (_syscall3(__NR_read, ask, &letter, 1) == 1)
            {
                letter = (byte)s_count;
                Expect.Equal(1, _syscall3(__NR_write, answer, &letter, 1));
            }

            Exit(0);
        }

        // So that the group is there for the next one.
        if (group == 0)
        {
            Setpgid(pid, pid);
        }

        return pid;
    }

    private static int Said(int ask)
    {
        byte letter = 0;
        Expect.Equal(1, _syscall3(__NR_write, ask, &letter, 1));
        Expect.Equal(1, _syscall3(__NR_read, s_answer, &letter, 1));
        return letter;
    }

    private static void Count(int signal) => s_count++;
}
