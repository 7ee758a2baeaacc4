// Job control: who may use the terminal, who gets its signals, and what a hang-up does.

using CSharpOS.Tty;
using Xunit;

namespace CSharpOS.Hosted.Tty;

[Trait("Row", "SYS-12")]
public unsafe class JobControlTests : TtyMachine
{
    private readonly Process* _shell;
    private readonly Process* _job;

    public JobControlTests()
    {
        Process* init = MakeProcess(null);
        _shell = MakeProcess(init);
        Become(_shell);
        JobControl.TakeIfFree(Terminal);
        _job = MakeProcess(_shell, session: _shell->Session);
    }

    [Fact]
    public void ASessionLeaderTakesAFreeTerminal()
    {
        Assert.Equal(_shell->Session, Terminal->Session);
        Assert.Equal(_shell->Group, Terminal->ForegroundGroup);
        Assert.True(_shell->Terminal == Terminal);
        Become(_job);
        Assert.Equal(_shell->Group, JobControl.Foreground(Terminal));
        Assert.Equal(_shell->Session, JobControl.SessionOf(Terminal));
    }

    [Theory]
    [InlineData("\x03", Signal.SIGINT, "^C")]
    [InlineData("\x1c", Signal.SIGQUIT, "^\\")]
    [InlineData("\x1a", Signal.SIGTSTP, "^Z")]
    public void KeysSignalTheForeground(string key, int signal, string shown)
    {
        Assert.Equal(0, JobControl.SetForeground(Terminal, _job->Group));
        Type("ab" + key + "c\r");
        Assert.Equal("ab" + shown + "c\r\n", Shown());
        Assert.Equal([signal], Signals(_job));
        Assert.Empty(Signals(_shell));
        Become(_job);
        Assert.Equal("c\n", Read());
    }

    [Fact]
    public void BuffersStayWhereTheSettingsSaySo()
    {
        Set(LocalFlags.NOFLSH, true);
        Type("ab\x03" + "c\r");
        Assert.Equal([Signal.SIGINT], Signals(_shell));
        Assert.Equal("abc\n", Read());
        Set(LocalFlags.ISIG, false);
        Type("\x03\r");
        Assert.Empty(Signals(_shell));
        Assert.Equal("\x03\n", Read());
    }

    [Fact]
    public void TheBackgroundMayNotRead()
    {
        Type("line\r");
        Become(_job);
        Assert.Equal($"{-ERESTARTSYS}", Read());
        Assert.Equal([Signal.SIGTTIN], Signals(_job));
        _job->Action(Signal.SIGTTIN).Handler = SigAction.Ignore;
        Assert.Equal($"{-EIO}", Read());
        Assert.Empty(Signals(_job));
        Become(_shell);
        Assert.Equal("line\n", Read());
    }

    [Fact]
    public void TheBackgroundMayWriteUnlessForbidden()
    {
        Become(_job);
        Assert.Equal(2, Write("ok"));
        Become(_shell);
        Set(LocalFlags.TOSTOP, true);
        Become(_job);
        Assert.Equal(-ERESTARTSYS, Write("no"));
        Assert.Equal([Signal.SIGTTOU], Signals(_job));
        _job->Leader->Signals.Blocked = Signal.Mask(Signal.SIGTTOU);
        Assert.Equal(2, Write("ok"));
        Assert.Empty(Signals(_job));
    }

    [Fact]
    public void AnOrphanedGroupIsNotStopped()
    {
        Process* orphan = MakeProcess(_job, group: _job->Group, session: _shell->Session);
        _job->Parent = orphan;
        Become(orphan);
        Assert.Equal($"{-EIO}", Read());
        Assert.Empty(Signals(orphan));
    }

    [Fact]
    public void TheForegroundIsChosenWithinTheSession()
    {
        Process* other = MakeProcess(null);
        Assert.Equal(-EINVAL, JobControl.SetForeground(Terminal, -1));
        Assert.Equal(-ESRCH, JobControl.SetForeground(Terminal, 99_999));
        Assert.Equal(-EPERM, JobControl.SetForeground(Terminal, other->Group));
        Assert.Equal(0, JobControl.SetForeground(Terminal, _job->Group));

        // The shell is in the background now: its own change would stop it.
        Assert.Equal(-EIO, JobControl.SetForeground(Terminal, _shell->Group));
        _shell->Leader->Signals.Blocked = Signal.Mask(Signal.SIGTTOU);
        Assert.Equal(0, JobControl.SetForeground(Terminal, _shell->Group));
        Become(other);
        Assert.Equal(-ENOTTY, JobControl.SetForeground(Terminal, other->Group));
        Assert.Equal(-ENOTTY, JobControl.Foreground(Terminal));
        Assert.Equal(-ENOTTY, JobControl.SessionOf(Terminal));
    }

    [Fact]
    public void TheControllingTerminalIsTakenStolenAndGivenUp()
    {
        Assert.Equal(0, JobControl.SetControlling(Terminal, steal: false));
        Become(_job);
        Assert.Equal(-EPERM, JobControl.SetControlling(Terminal, steal: true));
        Process* other = MakeProcess(null);
        other->Euid = 1;
        Become(other);
        Assert.Equal(-EPERM, JobControl.SetControlling(Terminal, steal: false));
        Assert.Equal(-EPERM, JobControl.SetControlling(Terminal, steal: true));
        Assert.Equal(-ENOTTY, JobControl.GiveUp(Terminal));
        other->Euid = 0;
        Assert.Equal(0, JobControl.SetControlling(Terminal, steal: true));
        Assert.True(_shell->Terminal == null && _job->Terminal == null && other->Terminal == Terminal);
        Assert.Equal(other->Session, Terminal->Session);
        Assert.Equal(0, JobControl.GiveUp(Terminal));
        Assert.Equal([Signal.SIGHUP, Signal.SIGCONT], Signals(other));
        Assert.True(other->Terminal == null);
        Assert.Equal(0, Terminal->Session);
    }

    [Fact]
    public void WhoGivesUpAloneLeavesItToTheOthers()
    {
        Become(_job);
        Assert.Equal(0, JobControl.GiveUp(Terminal));
        Assert.True(_job->Terminal == null && _shell->Terminal == Terminal);
        Assert.Empty(Signals(_shell));
    }

    [Fact]
    public void ANewSizeIsTold()
    {
        WindowSize size = new() { Rows = 50, Columns = 132 };
        _shell->Action(Signal.SIGWINCH).Handler = 0x1000;
        Assert.Equal(0, TtyIoctl.SetWindow(Terminal, size));
        Assert.Equal([Signal.SIGWINCH], Signals(_shell));
        Assert.Equal(0, TtyIoctl.SetWindow(Terminal, size));
        Assert.Empty(Signals(_shell));
        Assert.Equal(132, TtyIoctl.GetWindow(Terminal).Columns);
    }

    [Fact]
    public void TheEndOfTheLeaderHangsUp()
    {
        var console = OpenFile(isConsole: true);
        Assert.Equal(0, JobControl.SetForeground(Terminal, _job->Group));
        Set(LocalFlags.ECHO, false);
        Type("unread\r");
        JobControl.LeaderEnds(_job);
        Assert.Equal(_shell->Session, Terminal->Session);
        JobControl.LeaderEnds(_shell);
        Assert.Equal([Signal.SIGHUP, Signal.SIGCONT], Signals(_job));
        Assert.Equal([Signal.SIGHUP, Signal.SIGCONT], Signals(_shell));
        Assert.True(_shell->Terminal == null && _job->Terminal == null);
        Assert.Equal(0, Terminal->Session);
        Assert.True(TtyFiles.IsHungUp(File));
        Assert.Equal("", Read());
        Assert.Equal(-EIO, Write("x"));
        Assert.Equal(-EIO, TtyIoctl.Ioctl(File, 0x5401, 0));

        // The console and whatever is opened from now on live, with settings as at the beginning.
        Assert.Equal($"{-EAGAIN}", Read(console));
        Assert.Equal(1, Write(console, "x"));
        Assert.Equal("-11", Read(OpenFile()));
        Type("new\r");
        Assert.Equal("xnew\r\n", Shown());
    }
}
