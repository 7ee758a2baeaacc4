// ProgramLoader: the memory of a new program: its pieces, its stack, and what stands on it at the start.
//
// Linux: load_elf_binary, setup_arg_pages, create_elf_tables (fs/binfmt_elf.c). Process context; sleeps. Map works on an address space that nobody lives in
// yet; Finish in the running task's own, which touches it like any system call.

using CSharpOS.Fs;

namespace CSharpOS.Processes;

/// <summary>Laying a program out.</summary>
internal static unsafe class ProgramLoader
{
    private const ulong StackTop = UserMapping.TaskSize, InitialStack = 128 << 10;

    // Below the largest stack and a gap.
    private const ulong MmapBase = StackTop - UserFault.MaxStack - (1 << 20);

    private const int AuxNull = 0, AuxHeaders = 3, AuxHeaderSize = 4, AuxHeaderCount = 5, AuxPageSize = 6, AuxBase = 7, AuxFlags = 8, AuxEntry = 9;
    private const int AuxUid = 11, AuxEuid = 12, AuxGid = 13, AuxEgid = 14, AuxPlatform = 15, AuxCapabilities = 16, AuxClockTicks = 17, AuxSecure = 23;
    private const int AuxRandom = 25, AuxFileName = 31, AuxSystemInfo = 32;
    private const int RandomBytes = 16, MaxAux = 20;

    /// <summary>Maps the pieces of a program and its stack. 0, -ENOMEM, an error of the file.</summary>
    internal static int Map(MmStruct* mm, File* file, ref ElfImage image)
    {
        ulong end = 0;
        mm->StartCode = mm->StartData = ulong.MaxValue;
        for (int i = 0; i < image.SegmentCount; i++)
        {
            ref ElfSegment segment = ref image[i];
            ulong start = DirectMap.PageDown(segment.Address), fileEnd = DirectMap.PageUp(segment.Address + segment.FileSize);
            ulong memoryEnd = DirectMap.PageUp(segment.Address + segment.MemorySize);
            int error = 0;
            if (segment.FileSize != 0)
            {
                VmArea backing = default;
                error = ProgramFile.SetBacking(&backing, file, DirectMap.PageDown(segment.Offset) >> DirectMap.PAGE_SHIFT);
                error = error != 0 ? error : UserMapping.AddArea(mm, start, fileEnd, segment.Flags, &backing);
            }
            else
            {
                fileEnd = start;
            }

            if (error == 0 && memoryEnd > fileEnd)
            {
                error = UserMapping.AddArea(mm, fileEnd, memoryEnd, segment.Flags, null);
            }

            if (error != 0)
            {
                return error;
            }

            Note(mm, segment);
            end = Math.Max(end, memoryEnd);
        }

        mm->StartBrk = mm->Brk = end;
        mm->MmapBase = MmapBase;
        mm->StartStack = StackTop;
        int last = UserMapping.AddArea(mm, StackTop - InitialStack, StackTop, VmFlags.Read | VmFlags.Write | VmFlags.GrowsDown, null);
        return last != 0 || image.Is64 ? last : VsyscallPage.Map(mm);
    }

    /// <summary>Clears what the file does not fill, builds the stack and sets the registers of user mode. 0 or -EFAULT.</summary>
    internal static int Finish(MmStruct* mm, ref ElfImage image, in ExecArguments arguments, ReadOnlySpan<byte> path)
    {
        for (int i = 0; i < image.SegmentCount; i++)
        {
            ref ElfSegment segment = ref image[i];
            ulong from = segment.Address + segment.FileSize, to = Math.Min(DirectMap.PageUp(from), segment.Address + segment.MemorySize);
            if (segment.FileSize != 0 && to > from && (segment.Flags & VmFlags.Write) != 0 && Uaccess.ClearUser((void*)from, (nuint)(to - from)) != 0)
            {
                return -EFAULT;
            }
        }

        int error = BuildStack(mm, ref image, arguments, path, out ulong stack);
        if (error != 0)
        {
            return error;
        }

        PtRegs* regs = ContextSwitch.UserRegs(Current);
        new Span<byte>(ContextSwitch.UserXmm(Current), AsmOffsets.XMM_SAVE_SIZE + AsmOffsets.PTREGS_SIZE).Clear();
        regs->OrigRax = ulong.MaxValue;
        regs->Rip = image.Entry;
        regs->Rsp = stack;
        regs->Cs = (ulong)(image.Is64 ? AsmOffsets.USER_CS : AsmOffsets.USER32_CS);
        regs->Ss = AsmOffsets.USER_DS;
        regs->Eflags = 0x202;
        if (!image.Is64)
        {
            ulong flags = LocalIrqSave();
            UserSwitch.Save(Current);
            Current->User.Segments = (AsmOffsets.USER_DS << 16) | AsmOffsets.USER_DS;
            UserSwitch.Load(Current);
            LocalIrqRestore(flags);
        }

        return 0;
    }

    // From the top: the file's name, the strings, platform, random bytes; then, aligned to 16, argc, argv, envp and the auxiliary vector.
    private static int BuildStack(MmStruct* mm, ref ElfImage image, in ExecArguments arguments, ReadOnlySpan<byte> path, out ulong stack)
    {
        int width = image.Is64 ? 8 : 4;
        ReadOnlySpan<byte> platform = image.Is64 ? "x86_64"u8 : "i686"u8;
        ReadOnlySpan<byte> text = arguments.Text;
        ulong name = StackTop - (ulong)width - (ulong)path.Length - 1;
        ulong strings = name - (ulong)text.Length;
        ulong platformAt = strings - (ulong)platform.Length - 1;
        ulong random = (platformAt - RandomBytes) & ~15UL;
        int words = 1 + arguments.ArgumentCount + 1 + arguments.EnvironmentCount + 1 + (2 * MaxAux);
        stack = (random - (ulong)(words * width)) & ~15UL;
        byte* noise = stackalloc byte[RandomBytes];
        EntropyPool.GetRandomBytes(new Span<byte>(noise, RandomBytes));
        if (Put(name, path) != 0 || Put(platformAt, platform) != 0 ||
            Uaccess.CopyToUser((void*)random, noise, RandomBytes) != 0 || PutText(strings, text) != 0)
        {
            return -EFAULT;
        }

        WordWriter writer = new(stack, width);
        writer.Add((ulong)arguments.ArgumentCount);
        mm->ArgStart = strings;
        ulong at = AddPointers(ref writer, text, 0, arguments.ArgumentCount, strings);
        mm->ArgEnd = mm->EnvStart = strings + at;
        at = AddPointers(ref writer, text, (int)at, arguments.EnvironmentCount, strings);
        mm->EnvEnd = strings + at;
        AddAuxiliary(ref writer, ref image, platformAt, random, name);
        return writer.Failed ? -EFAULT : 0;
    }

    private static ulong AddPointers(ref WordWriter writer, ReadOnlySpan<byte> text, int offset, int count, ulong strings)
    {
        for (int i = 0; i < count; i++)
        {
            writer.Add(strings + (ulong)offset);
            offset += text[offset..].IndexOf((byte)0) + 1;
        }

        writer.Add(0);
        return (ulong)offset;
    }

    private static void AddAuxiliary(ref WordWriter writer, ref ElfImage image, ulong platform, ulong random, ulong name)
    {
        Process* process = Current->Process;
        writer.Add(AuxCapabilities, CpuFeatures.Capabilities);
        writer.Add(AuxPageSize, DirectMap.PAGE_SIZE);
        writer.Add(AuxClockTicks, 100);
        writer.Add(AuxHeaders, image.HeadersAddress);
        writer.Add(AuxHeaderSize, (ulong)image.HeaderSize);
        writer.Add(AuxHeaderCount, (ulong)image.HeaderCount);
        writer.Add(AuxBase, 0);
        writer.Add(AuxFlags, 0);
        writer.Add(AuxEntry, image.Entry);
        writer.Add(AuxUid, (ulong)process->Uid);
        writer.Add(AuxEuid, (ulong)process->Euid);
        writer.Add(AuxGid, (ulong)process->Gid);
        writer.Add(AuxEgid, (ulong)process->Egid);
        writer.Add(AuxSecure, 0);
        writer.Add(AuxPlatform, platform);
        writer.Add(AuxRandom, random);
        writer.Add(AuxFileName, name);
        if (!image.Is64 && VsyscallPage.Present)
        {
            writer.Add(AuxSystemInfo, VsyscallPage.Address);
        }

        writer.Add(AuxNull, 0);
    }

    private static int Put(ulong address, ReadOnlySpan<byte> text) =>
        PutText(address, text) == 0 ? Uaccess.PutUser((byte)0, (byte*)address + text.Length) : -EFAULT;

    private static int PutText(ulong address, ReadOnlySpan<byte> text)
    {
        fixed (byte* from = text)
        {
            return text.IsEmpty || Uaccess.CopyToUser((void*)address, from, (nuint)text.Length) == 0 ? 0 : -EFAULT;
        }
    }

    private static void Note(MmStruct* mm, in ElfSegment segment)
    {
        if ((segment.Flags & VmFlags.Exec) != 0)
        {
            mm->StartCode = Math.Min(mm->StartCode, segment.Address);
            mm->EndCode = Math.Max(mm->EndCode, segment.Address + segment.FileSize);
        }
        else
        {
            mm->StartData = Math.Min(mm->StartData, segment.Address);
            mm->EndData = Math.Max(mm->EndData, segment.Address + segment.FileSize);
        }
    }

    // Words of the program's width, upwards.
    private ref struct WordWriter(ulong address, int width)
    {
        private ulong _address = address;

        public bool Failed { get; private set; }

        public void Add(ulong value)
        {
            Failed |= Uaccess.CopyToUser((void*)_address, &value, (nuint)width) != 0;
            _address += (ulong)width;
        }

        public void Add(int kind, ulong value)
        {
            Add((ulong)kind);
            Add(value);
        }
    }
}
