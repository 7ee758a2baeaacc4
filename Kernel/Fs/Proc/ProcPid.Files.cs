// ProcPid.Files: what is in the directory of a process. One line here is one file.
//
// Linux: tgid_base_stuff, fs/proc/base.c. Process context. The table is written once at boot.

using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace CSharpOS.Fs;

internal static unsafe partial class ProcPid
{
    private const int FdEntry = 0, TaskEntry = 1, CwdEntry = 2, ExeEntry = 3, RootEntry = 4;
    private const int EntryCount = 13;
    private const uint LinkMode = FileModes.S_IFLNK | FileModes.S_IRWXUGO, TextMode = FileModes.S_IFREG | 0x124, PrivateMode = FileModes.S_IFREG | 0x100;

    private static Table s_table;

    private static void InitTable()
    {
        Set(FdEntry, "fd"u8, PrivateDirectoryMode, null);
        Set(TaskEntry, "task"u8, DirectoryMode, null);
        Set(CwdEntry, "cwd"u8, LinkMode, null);
        Set(ExeEntry, "exe"u8, LinkMode, null);
        Set(RootEntry, "root"u8, LinkMode, null);
        int entry = RootEntry + 1;
        Set(entry++, "stat"u8, TextMode, &ProcPidStat.Show);
        Set(entry++, "statm"u8, TextMode, &ProcPidMemory.Statm);
        Set(entry++, "status"u8, TextMode, &ProcPidStatus.Show);
        Set(entry++, "cmdline"u8, TextMode, &ProcPidMemory.CommandLine);
        Set(entry++, "environ"u8, PrivateMode, &ProcPidMemory.Environment);
        Set(entry++, "comm"u8, TextMode, &Name);
        Set(entry++, "maps"u8, TextMode, &ProcPidMemory.Maps);
        Set(entry, "mounts"u8, TextMode, &MountTable);
    }

    private static void Set(int entry, ReadOnlySpan<byte> name, uint mode, delegate*<TextArea*, ProcPidInode*, int> show)
    {
        // The name is a literal: it stays where it is.
        s_table[entry] = new TableEntry
        {
            Name = (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(name)),
            NameLength = name.Length,
            Mode = mode,
            Show = show,
        };
    }

    private static ReadOnlySpan<byte> EntryName(int entry) => new(s_table[entry].Name, s_table[entry].NameLength);

    private static uint EntryMode(int entry) => s_table[entry].Mode;

    private static int FindEntry(ReadOnlySpan<byte> name)
    {
        for (int entry = 0; entry < EntryCount; entry++)
        {
            if (EntryName(entry).SequenceEqual(name))
            {
                return entry;
            }
        }

        return -1;
    }

    private static uint ModeOf(int entry, TaskStruct* task, int fd) => entry switch
    {
        Self => DirectoryMode,
        FdLink => FdMode(task, fd),
        _ => EntryMode(entry),
    };

    private static int OpenText(Inode* inode, File* file) => SeqFile.Open(file, &ShowText, inode->Private);

    private static int ShowText(TextArea* text, void* data)
    {
        var its = (ProcPidInode*)data;
        return Tasks.IsListed(its->Task) ? s_table[its->Entry].Show(text, its) : -ESRCH;
    }

    private static int Name(TextArea* text, ProcPidInode* its)
    {
        text->Append($"{its->Task->Name}\n");
        return 0;
    }

    // All processes see the same mounts.
    private static int MountTable(TextArea* text, ProcPidInode* its) => ProcMounts.Show(text, null);

    private struct TableEntry
    {
        internal byte* Name;
        internal int NameLength;
        internal uint Mode;
        internal delegate*<TextArea*, ProcPidInode*, int> Show;
    }

    [InlineArray(EntryCount)]
    private struct Table
    {
        private TableEntry _first;
    }
}
