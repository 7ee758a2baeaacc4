// ProgramStart: from _start (start.asm) to Main and from Main to the end.
//
// The compiler writes the function __managed__Main, which calls the methods of StartupCodeHelpers by their names and then the program's
// Main, in any of the forms that C# knows. Statics were made before it (Kernel/Runtime/Startup.cs).

using System;
using System.Runtime;
using System.Runtime.CompilerServices;

namespace CSharpOS.User
{
    /// <summary>What the kernel gave the program on its stack.</summary>
    public static unsafe class ProgramStart
    {
        /// <summary>The stack as the kernel made it: argc, argv, null, environment, null, auxiliary vector.</summary>
        public static nuint* InitialStack() => UserInitialStack();

        /// <summary>The environment, as the kernel gave it: pointers to NAME=VALUE, then null.</summary>
        public static byte** InitialEnvironment() => (byte**)(InitialStack() + InitialStack()[0] + 2);

        [RuntimeExport("user_exit")]
        private static void UserExit(int status) => Unix.Exit(status);

        [RuntimeImport("*", "user_initial_stack")]
        [MethodImpl(MethodImplOptions.InternalCall)]
        private static extern nuint* UserInitialStack();
    }
}

namespace Internal.Runtime.CompilerHelpers
{
    internal static unsafe class StartupCodeHelpers
    {
        private static int s_count;
        private static byte** s_arguments;

        internal static void InitializeCommandLineArgs(int argc, sbyte** argv)
        {
            s_count = argc;
            s_arguments = (byte**)argv;
        }

        /// <summary>The arguments of Main: without the program's name, as everywhere in C#.</summary>
        internal static string[] GetMainMethodArguments()
        {
            int count = s_count > 0 ? s_count - 1 : 0;
            string[] arguments = new string[count];
            for (int i = 0; i < count; i++)
            {
                arguments[i] = CSharpOS.User.Utf8.ToString(s_arguments[i + 1]);
            }

            return arguments;
        }
    }
}
