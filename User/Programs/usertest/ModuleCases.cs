// ModuleCases: init_module and delete_module: only for root, and only with addresses that are the caller's.

using CSharpOS.User;

namespace CSharpOS.User.Programs;

internal static unsafe class ModuleCases
{
    private const string Hello = "/lib/modules/hello.ko";

    internal static void Modules()
    {
        byte[] image = new byte[256 << 10];
        int length = ReadFile(Hello, image);
        Expect.True(length > 0 && length < image.Length);
        ReadOnlySpan<byte> module = image.AsSpan(0, length);

        Expect.Good(&Stranger);
        Expect.Error(ENOENT, DeleteModule("hello"));
        Expect.Error(EFAULT, _syscall3(__NR_init_module, (void*)8, length, null));
        Expect.Error(ENOEXEC, InitModule(module.Slice(0, length / 2), ""));
        Expect.Equal(0, InitModule(module, ""));
        Expect.Error(EEXIST, InitModule(module, ""));
        Expect.Equal(0, DeleteModule("hello"));
        Expect.Error(ENOENT, DeleteModule("hello"));

        BookCases.Line("insmod /lib/modules/hello.ko whom=shell && lsmod | grep '^hello  *.*  0$' > /dev/null && rmmod hello", 0);
        BookCases.Line("rmmod hello 2>&1 | grep '^rmmod: module hello: does not exist in /proc/modules$' > /dev/null", 0);
        BookCases.Line("insmod /bin/sh 2>&1 | grep 'Invalid module format$' > /dev/null", 0);
        BookCases.Line("insmod /no/such.ko 2>&1 | grep 'No such file or directory$' > /dev/null", 0);
    }

    // Another user may not, whatever he gives.
    private static void Stranger()
    {
        Expect.Equal(0, _syscall1(__NR_setuid32, 1000));
        byte[] nothing = new byte[64];
        Expect.Error(EPERM, InitModule(nothing, ""));
        Expect.Error(EPERM, _syscall3(__NR_init_module, null, 0, null));
        Expect.Error(EPERM, DeleteModule("hello"));
    }
}
