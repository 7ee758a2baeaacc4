// MemoryCases: mmap and its like, the break, the stack.

namespace CSharpOS.User.Programs;

internal static unsafe class MemoryCases
{
    private const int Page = 4096;
    private const int ReadOnly = 1, Writable = 3, Executable = 4;
    private const int Shared = 1, Private = 2, Fixed = 0x10, Anonymous = 0x20;
    private const int SigBus = 7;
    private const int MayMove = 1, FixedPlace = 2;
    private const string Name = "/tmp/usertest-map";

    private static byte* s_memory;

    internal static void Anonymously()
    {
        byte* memory = PointerCases.Map(8, Writable);
        Expect.True(Good(memory));
        for (int i = 0; i < 8 * Page; i += 512)
        {
            Expect.Equal(0, memory[i]);
            memory[i] = 0x5a;
        }

        // Given back and taken again, it is empty.
        Expect.Equal(0, _syscall2(__NR_munmap, memory + Page, Page));
        s_memory = memory + Page;
        Expect.Dies(SIGSEGV, &Touch);
        byte* again = (byte*)(nuint)Raw(__NR_mmap2, (nint)(memory + Page), Page, Writable, Private | Anonymous | Fixed, -1, 0);
        Expect.Equal((long)(memory + Page), (long)again);
        Expect.Equal(0, again[0]);
        Expect.Equal(0x5a, memory[0]);
        Expect.Equal(0x5a, memory[2 * Page]);
        Expect.Error(EINVAL, _syscall2(__NR_munmap, memory + 1, Page));
        Expect.Error(EINVAL, _syscall6(__NR_mmap2, 0, 0, Writable, Private | Anonymous, -1, 0));
    }

    internal static void Protection()
    {
        byte* memory = PointerCases.Map(3, Writable);
        memory[0] = memory[Page] = memory[2 * Page] = 7;
        Expect.Equal(0, _syscall3(__NR_mprotect, memory + Page, Page, ReadOnly));
        s_memory = memory + Page;
        Expect.Equal(7, memory[Page]);
        Expect.Dies(SIGSEGV, &Touch);
        Expect.Equal(0, _syscall3(__NR_mprotect, memory + Page, Page, 0));
        Expect.Dies(SIGSEGV, &Look);
        Expect.Equal(0, _syscall3(__NR_mprotect, memory + Page, Page, Writable));
        Expect.Equal(7, memory[Page]);
        memory[Page] = 8;
        Expect.Error(ENOMEM, _syscall3(__NR_mprotect, 0x10000, Page, ReadOnly));
        Expect.Error(EINVAL, _syscall3(__NR_mprotect, memory + 1, Page, ReadOnly));

        // Code that was written and then made executable runs; writable memory does not.
        new Span<byte>(memory, 16).Fill(0xc3);
        s_memory = memory;
        Expect.Dies(SIGSEGV, &Run);
        Expect.Equal(0, _syscall3(__NR_mprotect, memory, Page, ReadOnly | Executable));
        Expect.Good(&Run);
        Expect.Dies(SIGSEGV, &Touch);
    }

    private static void Touch() => Assembly.Store((ulong)s_memory, 1);

    private static void Look() => Assembly.Load((ulong)s_memory);

    private static void Run() => ((delegate*<void>)s_memory)();

    internal static void PrivateFile()
    {
        int fd = MakeFile();
        byte* memory = (byte*)(nuint)Raw(__NR_mmap2, 0, 2 * Page, Writable, Private, fd, 0);
        Expect.True(Good(memory));
        Expect.Equal('m', memory[0]);
        Expect.Equal('2', memory[Page]);
        memory[0] = (byte)'P';
        Expect.Equal('m', FirstOf(fd));

        // The second page, by its number in the file; and what is not mapped so any more stays as it is.
        byte* second = (byte*)(nuint)Raw(__NR_mmap2, 0, Page, ReadOnly, Private, fd, 1);
        Expect.Equal('2', second[0]);
        s_memory = (byte*)(nuint)Raw(__NR_mmap2, 0, 3 * Page, Writable, Shared, fd, 1);
        s_memory += Page;
        Expect.Dies(SigBus, &Look);

        // The book's block of six numbers behind one register.
        uint* block = stackalloc uint[6];
        block[0] = 0;
        block[1] = Page;
        block[2] = ReadOnly;
        block[3] = Private;
        block[4] = (uint)fd;
        block[5] = Page;
        byte* old = (byte*)(nuint)Raw(__NR_old_mmap, (nint)block, 0, 0, 0, 0, 0);
        Expect.Equal('2', old[0]);
        Expect.Equal('m', old[1]);
        block[5] = 1;
        Expect.Error(EINVAL, _syscall1(__NR_old_mmap, block));
        Expect.Error(EFAULT, _syscall1(__NR_old_mmap, 8));
        Close(fd);
        Expect.Equal('P', memory[0]);
        Expect.Equal(0, Unlink(Name));
        Expect.Equal('m', memory[Page + 1]);
    }

    internal static void SharedFile()
    {
        int fd = MakeFile();
        byte* memory = (byte*)(nuint)Raw(__NR_mmap2, 0, 2 * Page, Writable, Shared, fd, 0);
        Expect.True(Good(memory));
        s_memory = memory;
        Expect.Good(&ChangeShared);
        Expect.Equal('c', memory[0]);
        Expect.Equal('c', FirstOf(fd));
        Expect.Equal(0, Lseek(fd, 0, SEEK_SET));
        Expect.Equal(1, Write(fd, "w"u8));
        Expect.Equal('w', memory[0]);
        int reads = Open(Name, O_RDONLY);
        Expect.Error(EACCES, _syscall6(__NR_mmap2, 0, Page, Writable, Shared, reads, 0));
        Expect.Equal(0, Unlink(Name));
    }

    private static void ChangeShared()
    {
        int fd = Open(Name, O_RDWR);
        byte* other = (byte*)(nuint)Raw(__NR_mmap2, 0, Page, Writable, Shared, fd, 0);
        Expect.Equal('m', other[0]);
        other[0] = (byte)'c';
        Expect.Equal('c', s_memory[0]);
    }

    internal static void SharedAnonymous()
    {
        byte* memory = (byte*)(nuint)Raw(__NR_mmap2, 0, 2 * Page, Writable, Shared | Anonymous, -1, 0);
        Expect.True(Good(memory));
        memory[0] = 1;
        s_memory = memory;
        Expect.Good(&ChangeAnonymous);
        Expect.Equal(2, memory[0]);
        Expect.Equal(3, memory[Page]);
    }

    private static void ChangeAnonymous()
    {
        Expect.Equal(1, s_memory[0]);
        s_memory[0] = 2;
        s_memory[Page] = 3;
    }

    internal static void Break()
    {
        byte* start = Brk(null);
        Expect.Equal((long)(start + (5 * Page)), (long)Brk(start + (5 * Page)));
        for (int i = 0; i < 5; i++)
        {
            Expect.Equal(0, start[(i * Page) + 100]);
            start[(i * Page) + 100] = 9;
        }

        Expect.Equal((long)(start + Page), (long)Brk(start + Page));
        Expect.Equal((long)(start + Page), (long)Brk((byte*)8));
        s_memory = start + (4 * Page);
        Expect.Dies(SIGSEGV, &Touch);
        Expect.Equal((long)(start + (5 * Page)), (long)Brk(start + (5 * Page)));
        Expect.Equal(0, start[(4 * Page) + 100]);
    }

    internal static void Stack()
    {
        Expect.Equal(500, Deep(500));
        Expect.Good(&DeepChild);
    }

    private static void DeepChild() => Expect.Equal(500, Deep(500));

    // 1 KB each: far more than there is at the start.
    private static int Deep(int depth)
    {
        byte* room = stackalloc byte[1024];
        room[0] = 1;
        return depth == 0 ? 0 : Deep(depth - 1) + room[0];
    }

    internal static void Moves()
    {
        // Grows where it is, shrinks, and what was cut off is gone.
        byte* memory = PointerCases.Map(8, Writable);
        Expect.Equal(0, _syscall2(__NR_munmap, memory + (2 * Page), 6 * Page));
        memory[0] = 1;
        memory[Page] = 2;
        Expect.Equal((long)memory, Move(memory, 2, 5, 0));
        memory[4 * Page] = 5;
        Expect.Equal((long)memory, Move(memory, 5, 1, 0));
        s_memory = memory + Page;
        Expect.Dies(SIGSEGV, &Look);

        // With a neighbour it must move, if it may.
        byte* wall = (byte*)(nuint)Raw(__NR_mmap2, (nint)(memory + Page), Page, Writable, Private | Anonymous | Fixed, -1, 0);
        Expect.Equal((long)(memory + Page), (long)wall);
        wall[0] = 77;
        Expect.Equal(-ENOMEM, Move(memory, 1, 3, 0));
        Expect.Equal(1, memory[0]);
        byte* moved = (byte*)Move(memory, 1, 3, MayMove);
        Expect.True(moved != memory && Good(moved));
        Expect.Equal(1, moved[0]);
        Expect.Equal(0, moved[2 * Page]);
        moved[0] = 3;
        Expect.Equal(77, wall[0]);
        s_memory = memory;
        Expect.Dies(SIGSEGV, &Look);

        // To an address: what was there is replaced; a child keeps its own copy.
        byte* target = PointerCases.Map(3, Writable);
        target[0] = 99;
        Expect.Equal((long)target, Move(moved, 3, 3, MayMove | FixedPlace, target));
        Expect.Equal(3, target[0]);
        s_memory = target;
        Expect.Good(&ChangeCopy);
        Expect.Equal(3, target[0]);

        // To where nothing has been yet, so that there is no page table either.
        byte* far = (byte*)0x5123_4000;
        target[Page] = 8;
        Expect.Equal((long)far, Move(target, 3, 3, MayMove | FixedPlace, far));
        Expect.Equal(3, far[0]);
        Expect.Equal(8, far[Page]);
        Expect.Equal((long)target, Move(far, 3, 3, MayMove | FixedPlace, target));

        // A file's second page stays its second page.
        int fd = MakeFile();
        byte* file = (byte*)(nuint)Raw(__NR_mmap2, 0, 2 * Page, ReadOnly, Private, fd, 0);
        byte* second = (byte*)Move(file + Page, 1, 1, MayMove | FixedPlace, target);
        Expect.Equal((long)target, (long)second);
        Expect.Equal('2', second[0]);
        Expect.Equal('m', file[0]);
        Close(fd);
        Unlink(Name);

        Expect.Equal(-EINVAL, Move(target + 1, 1, 2, 0));
        Expect.Equal(-EINVAL, Move(target, 1, 0, 0));
        Expect.Equal(-EINVAL, Move(target, 0, 1, 0));
        Expect.Equal(-EINVAL, Move(target, 1, 1, 8));
        Expect.Equal(-EINVAL, Move(target, 1, 1, FixedPlace, target));
        Expect.Equal(-EINVAL, Move(target, 1, 1, MayMove | FixedPlace, target));
        Expect.Equal(-EFAULT, Move((byte*)0x10000, 1, 1, MayMove));
        Expect.Equal(-EFAULT, Move(target, 100, 101, MayMove));
        Expect.Equal(-ENOMEM, Move(target, 1, 0xffffd, MayMove));
        Expect.Equal('2', target[0]);
    }

    private static void ChangeCopy() => s_memory[0] = 4;

    private static long Move(byte* address, int pages, int newPages, int flags, byte* target = null) =>
        Syscall64(SyscallNumbers64.__NR_mremap, (nint)address, pages * Page, (nint)newPages * Page, flags, (nint)target);

    private static bool Good(byte* memory) => memory != null && (ulong)memory < 0xfffff000;

    private static int MakeFile()
    {
        int fd = Open(Name, O_RDWR | O_CREAT | O_TRUNC, 0x1a4);
        Expect.True(fd > 2);
        byte* page = stackalloc byte[2 * Page];
        new Span<byte>(page, 2 * Page).Fill((byte)'m');
        page[Page] = (byte)'2';
        Expect.Equal(2 * Page, Write(fd, new ReadOnlySpan<byte>(page, 2 * Page)));
        return fd;
    }

    private static int FirstOf(int fd)
    {
        byte one = 0;
        Expect.Equal(0, Lseek(fd, 0, SEEK_SET));
        Expect.Equal(1, _syscall3(__NR_read, fd, &one, 1));
        return one;
    }
}
