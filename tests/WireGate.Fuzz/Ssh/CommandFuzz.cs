using System.Diagnostics;
using System.Text;
using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Core.Policy.Facts;
using static WireGate.Fuzz.Parsers;

namespace WireGate.Fuzz.Ssh;

/// <summary>Commands of exec: whatever one is, it comes apart as in a shell, or not at all; and what a template allows it names.</summary>
internal sealed class CommandFuzz
{
    private const int MostRun = 3000;

    // Harmless, even if what stands behind them did run.
    private static readonly byte[][] Commands =
    [
        "echo one 'two three' four/five"u8.ToArray(),
        "git-upload-pack '/srv/repo.git'"u8.ToArray(),
        "rsync --server --sender -logDtpre.iLsfxCIvu --backup-dir=/srv/b . /srv/a"u8.ToArray(),
        "scp -r -f -- /srv/a '/srv/b c'"u8.ToArray(),
        "echo $HOME \"quoted\" `id` *"u8.ToArray(),
        "echo 'größe' -- --option=x a;b"u8.ToArray(),
        "echo  \t 'it'\\''s' #end"u8.ToArray(),
    ];

    [Test]
    public void Any_bytes_are_a_command_that_is_judged()
    {
        CommandPattern whole = CommandPattern.Of("echo one 'two three' four/five");
        CommandPattern template = Template("echo", "one", "**");
        Vary(43, Commands, bytes =>
        {
            var exec = new SshExec(bytes, hasPty: false);
            Assert.That(exec.Command is null, Is.EqualTo(exec.Unknown is not null));
            Assert.That(exec.Command is not null || exec.Words.IsEmpty);
            Assert.That(whole.Covers(exec), Is.EqualTo(bytes.AsSpan().SequenceEqual(Commands[0])));
            Assert.That(
                exec.Copy is null || (CopyCommand.ProgramOf(exec) == exec.Copy.Program && exec.Copy.Actions != CopyActions.None && !exec.Copy.Paths.IsEmpty),
                "what copies is known by its name too");
            Assert.That(!template.Covers(exec) || (exec.Words is ["echo", "one", ..] && template.Touches(exec)), "what it covers it touches");
        });
    }

    [TestCase("dash")]
    [TestCase("bash")]
    public async Task What_comes_apart_does_so_in_a_shell(string shell)
    {
        List<SshExec> commands = [.. Mutations.Of(44, Commands).Take(60_000).Select(bytes => new SshExec(bytes, hasPty: false)).Where(exec => !exec.Words.IsEmpty).Take(MostRun)];
        Assert.That(commands, Has.Count.GreaterThan(MostRun / 3));
        var script = new StringBuilder();
        foreach (SshExec command in commands)
        {
            // As arguments, so that nothing of them runs.
            script.Append("printf '%s\\0' ").Append(command.Command).Append("\nprintf '\\n\\0'\n");
        }

        DirectoryInfo empty = Directory.CreateTempSubdirectory("wiregate-fuzz-");
        try
        {
            string[] said = (await RunAsync(shell, script.ToString(), empty.FullName)).Split("\n\0");
            Assert.That(said[..^1], Has.Length.EqualTo(commands.Count));
            for (int i = 0; i < commands.Count; i++)
            {
                Assert.That(said[i].Split('\0')[..^1], Is.EqualTo(commands[i].Words), commands[i].Command);
            }
        }
        finally
        {
            empty.Delete(recursive: true);
        }
    }

    private static CommandPattern Template(params string[] argv) =>
        CommandPattern.TryParse([.. argv], out CommandPattern? pattern, out _, out string? problem) ? pattern : throw new FormatException(problem);

    private static async Task<string> RunAsync(string shell, string script, string directory)
    {
        using Process process = Process.Start(new ProcessStartInfo(shell)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardInputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false),
            StandardOutputEncoding = Encoding.UTF8,
            WorkingDirectory = directory,
            Environment = { ["LC_ALL"] = "C.UTF-8" },
        })!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(), errors = process.StandardError.ReadToEndAsync();
        await process.StandardInput.WriteAsync(script);
        process.StandardInput.Close();
        await process.WaitForExitAsync();
        Assert.That(await errors, Is.Empty);
        return await output;
    }
}
