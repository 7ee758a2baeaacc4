// FixedNumbers: the numbers of system calls that programs are built with: those of Linux, and of the book's examples. Kernel/Syscalls/syscalls.tbl says what the
// kernel has; a line there whose number is another than here has been moved, which no program that exists would survive. A name that is not here is new.

using System;
using System.Collections.Generic;

namespace CSharpOS.Generators;

/// <summary>Numbers that never change.</summary>
internal static class FixedNumbers
{
    // name:i386:x86-64
    private const string List =
        "exit:1:60 fork:2:57 waitpid:7:- execve:11:59 times:43:100 getrusage:77:98 wait4:114:61 clone:120:56 sched_yield:158:24 " +
        "vfork:190:58 futex:240:202 set_thread_area:243:205 get_thread_area:244:211 exit_group:252:231 set_tid_address:258:218 " +
        "arch_prctl:-:158 getpid:20:39 setuid:23:- getuid:24:- nice:34:- setgid:46:- getgid:47:- geteuid:49:- getegid:50:- setpgid:57:109 " +
        "getppid:64:110 getpgrp:65:111 setsid:66:112 getpriority:96:140 setpriority:97:141 getpgid:132:121 getsid:147:124 getuid32:199:102 " +
        "getgid32:200:104 geteuid32:201:107 getegid32:202:108 setuid32:213:105 setgid32:214:106 gettid:224:186 pause:29:34 kill:37:62 " +
        "signal:48:- sigaction:67:- sigsuspend:72:- sigpending:73:- sigreturn:119:- sigprocmask:126:- rt_sigreturn:173:15 " +
        "rt_sigaction:174:13 rt_sigprocmask:175:14 rt_sigpending:176:127 rt_sigsuspend:179:130 sigaltstack:186:131 tkill:238:200 " +
        "tgkill:270:234 brk:45:12 old_mmap:90:- munmap:91:11 mprotect:125:10 mremap:163:25 mmap2:192:- mmap:-:9 restart_syscall:0:219 " +
        "time:13:201 stime:25:- alarm:27:37 gettimeofday:78:96 settimeofday:79:164 setitimer:104:38 getitimer:105:36 nanosleep:162:35 " +
        "timer_create:259:222 timer_settime:260:223 timer_gettime:261:224 timer_getoverrun:262:225 timer_delete:263:226 " +
        "clock_settime:264:227 clock_gettime:265:228 clock_getres:266:229 clock_nanosleep:267:230 sethostname:74:170 reboot:88:169 " +
        "syslog:103:103 sysinfo:116:99 uname:122:63 silly_copy:222:- am_i_popular:223:- foo:283:- read:3:0 write:4:1 open:5:2 close:6:3 " +
        "creat:8:85 link:9:86 unlink:10:87 chdir:12:80 mknod:14:133 chmod:15:90 lchown:16:94 lseek:19:8 mount:21:165 umount:22:- " +
        "utime:30:132 access:33:21 sync:36:162 rename:38:82 mkdir:39:83 rmdir:40:84 dup:41:32 pipe:42:22 umount2:52:166 ioctl:54:16 " +
        "fcntl:55:72 umask:60:95 chroot:61:161 dup2:63:33 select:82:23 symlink:83:88 readlink:85:89 truncate:92:76 ftruncate:93:77 " +
        "fchmod:94:91 fchown:95:93 statfs:99:137 fstatfs:100:138 stat:106:4 lstat:107:6 fstat:108:5 fsync:118:74 fchdir:133:81 " +
        "_llseek:140:- getdents:141:78 _newselect:142:- readv:145:19 writev:146:20 fdatasync:148:75 poll:168:7 pread64:180:17 " +
        "pwrite64:181:18 chown:182:92 getcwd:183:79 truncate64:193:- ftruncate64:194:- stat64:195:- lstat64:196:- fstat64:197:- " +
        "lchown32:198:- fchown32:207:- chown32:212:- getdents64:220:217 fcntl64:221:- statfs64:268:- fstatfs64:269:- openat:295:257 " +
        "mkdirat:296:258 mknodat:297:259 fchownat:298:260 fstatat64:300:- unlinkat:301:263 renameat:302:264 linkat:303:265 " +
        "symlinkat:304:266 readlinkat:305:267 fchmodat:306:268 faccessat:307:269 ppoll:309:271 utimensat:320:280 dup3:330:292 pipe2:331:293 " +
        "renameat2:353:316 faccessat2:439:439 newfstatat:-:262 ";

    private static readonly Dictionary<string, string[]> s_numbers = Read();

    /// <summary>What is wrong with the numbers of a call, as the list writes them; null if nothing is.</summary>
    public static string? Problem(string name, string i386, string amd64)
    {
        if (!s_numbers.TryGetValue(name, out string[]? numbers))
        {
            return null;
        }

        return i386 != "-" && i386 != numbers[1] ? $"{name} has the i386 number {numbers[1]}: it cannot be moved to {i386}"
            : amd64 != "-" && amd64 != numbers[2] ? $"{name} has the x86-64 number {numbers[2]}: it cannot be moved to {amd64}"
            : null;
    }

    private static Dictionary<string, string[]> Read()
    {
        Dictionary<string, string[]> numbers = new(StringComparer.Ordinal);
        foreach (string entry in List.Split(new[] { ' ' }, StringSplitOptions.RemoveEmptyEntries))
        {
            string[] parts = entry.Split(':');
            numbers.Add(parts[0], parts);
        }

        return numbers;
    }
}
