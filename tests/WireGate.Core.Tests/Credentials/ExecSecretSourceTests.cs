using System.Collections.Immutable;
using System.Globalization;
using System.Runtime.Versioning;
using NUnit.Framework;
using WireGate.Core.Credentials;

namespace WireGate.Core.Tests.Credentials;

[UnsupportedOSPlatform("windows")]
public sealed class ExecSecretSourceTests
{
    // Long enough that a test that waits for it is seen to hang, on any machine.
    private static readonly TimeSpan Ample = TimeSpan.FromMinutes(1);

    private string _directory = null!;

    private string PidFile => Path.Join(_directory, "pid");

    [SetUp]
    public void MakeDirectory() => _directory = Directory.CreateTempSubdirectory("wiregate-").FullName;

    [TearDown]
    public void RemoveDirectory() => Directory.Delete(_directory, recursive: true);

    [Test]
    public async Task Gives_standard_output_without_its_line_end() =>
        Assert.That(await FileSecretSourceTests.FetchAsync(new ExecSecretSource(["echo", "$HOME `id`"])), Is.EqualTo("$HOME `id`"));

    [Test]
    public async Task Passes_on_PATH_and_HOME_and_nothing_else()
    {
        string environment = await FileSecretSourceTests.FetchAsync(new ExecSecretSource(["env"]));
        Assert.That(environment.Split('\n').Select(line => line.Split('=')[0]), Is.SubsetOf(new[] { "PATH", "HOME" }).And.Contains("PATH"));
    }

    [Test]
    public async Task Nothing_but_the_three_standard_descriptors_is_inherited()
    {
        // ls has one of its own open, for the directory.
        string open = await FileSecretSourceTests.FetchAsync(new ExecSecretSource(["ls", "/proc/self/fd"]));
        Assert.That(open.Split('\n'), Has.Length.EqualTo(4));
    }

    [Test]
    public void A_failure_tells_the_status_and_nothing_that_was_written()
    {
        string refusal = FileSecretSourceTests.Refusal(Shell("echo hunter2; echo hunter3 >&2; exit 7"));
        Assert.That(refusal, Does.Contain("exit status 7").And.Not.Contain("hunter"));
    }

    [Test]
    public void A_signal_is_a_failure() => Assert.That(FileSecretSourceTests.Refusal(Shell("kill -9 $$")), Does.Contain("signal 9"));

    [Test]
    public void A_missing_command_and_an_empty_answer_are_refused()
    {
        Assert.That(FileSecretSourceTests.Refusal(new ExecSecretSource(["no-such-command"])), Does.Contain("cannot be run"));
        Assert.That(FileSecretSourceTests.Refusal(new ExecSecretSource(["true"])), Does.Contain("wrote nothing"));
    }

    [Test]
    public async Task Takes_as_much_as_the_limit_and_kills_what_writes_more()
    {
        string full = await FileSecretSourceTests.FetchAsync(Shell("head -c 65536 /dev/zero | tr '\\0' x"));
        Assert.That(full, Has.Length.EqualTo(FileSecretSource.MaxLength));
        Assert.That(FileSecretSourceTests.Refusal(new ExecSecretSource(["yes"], Ample)), Does.Contain("more than 65536 bytes"));
    }

    [Test]
    public async Task Kills_the_whole_group_when_time_is_up()
    {
        ExecSecretSource source = new(["sh", "-c", $"sleep 1000 & echo $! > {PidFile}; wait"], TimeSpan.FromSeconds(1));
        Assert.That(FileSecretSourceTests.Refusal(source), Does.Contain("longer than 1 s"));
        await GoneAsync(PidFile);
    }

    [Test]
    public async Task Does_not_wait_for_what_a_command_left_behind_and_kills_it()
    {
        ExecSecretSource source = new(["sh", "-c", $"sleep 1000 & echo $! > {PidFile}; echo hunter2"], Ample);
        Assert.That(await FileSecretSourceTests.FetchAsync(source), Is.EqualTo("hunter2"));
        await GoneAsync(PidFile);
    }

    [Test]
    public async Task Kills_when_nobody_waits_any_longer()
    {
        using CancellationTokenSource stopping = new();
        ExecSecretSource source = new(["sh", "-c", $"echo $$ > {PidFile}; sleep 1000"], Ample);
        Task<Secret> fetching = source.FetchAsync(fresh: false, stopping.Token).AsTask();
        await UntilAsync(() => File.Exists(PidFile) && File.ReadAllText(PidFile).EndsWith('\n'));
        await stopping.CancelAsync();
        Assert.That(async () => await fetching, Throws.InstanceOf<OperationCanceledException>());
        await GoneAsync(PidFile);
    }

    private static ExecSecretSource Shell(string script) => new(ImmutableArray.Create("sh", "-c", script), Ample);

    private static Task GoneAsync(string pidFile)
    {
        string process = $"/proc/{int.Parse(File.ReadAllText(pidFile), CultureInfo.InvariantCulture)}/stat";
        return UntilAsync(() =>
        {
            try
            {
                // A killed orphan stays a zombie until init looks after it.
                return File.ReadAllText(process).Contains(") Z", StringComparison.Ordinal);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                return true;
            }
        });
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        using CancellationTokenSource limit = new(Ample);
        while (!condition())
        {
            await Task.Delay(10, limit.Token);
        }
    }
}
