using System.Text;
using WireGate.Core.Configuration;
using WireGate.Core.Policy.Facts;

namespace WireGate.Core.Tests.Policy.Ssh;

/// <summary>What SSH clients ask for, and matches of it, in few words.</summary>
internal static class SshHouse
{
    public static readonly MatchConfig Everything = new() { AllOperations = true };

    public static SshExec Exec(string command, bool hasPty = false) => new(Bytes(command), hasPty);

    public static SshSubsystem Subsystem(string name, bool hasPty = false) => new(Bytes(name), hasPty);

    public static SftpOperation Sftp(SftpActions actions, params string[] paths) => new(actions, [.. paths.Select(p => new SshPath(Bytes(p)))]);

    /// <summary>Words of what is done, with commas between them.</summary>
    public static SftpOperation Sftp(string words, params string[] paths) => Sftp(ActionsOf(words), paths);

    public static SshForward To(string host, uint port) => SshForward.ToHost(Bytes(host), port);

    public static SshForward Listen(string host, uint port) => SshForward.ListenOn(Bytes(host), port);

    public static SshForward Socket(string path) => SshForward.ToSocket(Bytes(path));

    public static MatchConfig Match(
        CommandPattern[]? exec = null, bool shell = false, string subsystems = "", bool? pty = null, SftpMatchConfig? sftp = null, params string[] forward) => new()
        {
            Ssh = new SshMatchConfig
            {
                Exec = [.. exec ?? []],
                Shell = shell,
                Subsystems = [.. RuleHouse.Words(subsystems).Select(s => new NamePattern(s))],
                Pty = pty,
                Sftp = sftp,
                Forward = [.. forward.Select(Forwarded)],
            },
        };

    public static MatchConfig Exact(string command) => Match([CommandPattern.Of(command)]);

    /// <summary>A template; its words have one blank between them.</summary>
    public static MatchConfig Argv(string words) => Match([Template(words)]);

    public static CommandPattern Template(string words) =>
        CommandPattern.TryParse([.. words.Split(' ')], out CommandPattern? pattern, out _, out string? problem) ? pattern : throw new ArgumentException(problem);

    public static MatchConfig SftpOf(string? words = null, string paths = "") => Match(sftp: new SftpMatchConfig
    {
        Operations = words is null ? null : ActionsOf(words),
        Paths = [.. RuleHouse.Words(paths).Select(PathOf)],
    });

    public static MatchConfig CopyOf(string? with = null, string? operations = null, string paths = "") => new()
    {
        Ssh = new SshMatchConfig
        {
            Copy = new CopyMatchConfig
            {
                With = with is null ? null : RuleHouse.Words(with).Aggregate(CopyPrograms.None, (set, word) => set | CopyWords.Programs.Single(w => w.Word == word).Program),
                Operations = operations is null
                    ? null
                    : RuleHouse.Words(operations).Aggregate(CopyActions.None, (set, word) => set | CopyWords.Actions.Single(w => w.Word == word).Action),
                Paths = [.. RuleHouse.Words(paths).Select(PathOf)],
            },
        },
    };

    public static MatchConfig Requests(params string[] patterns) => new()
    {
        Ssh = new SshMatchConfig
        {
            Requests = [.. patterns.Select(p => RequestPattern.TryParse(p, out RequestPattern? pattern, out string? problem) ? pattern : throw new ArgumentException(problem))],
        },
    };

    public static MatchConfig Forwards(params string[] patterns) => Match(forward: patterns);

    private static ForwardPattern Forwarded(string text) =>
        ForwardPattern.TryParse(text.Replace("listen ", "", StringComparison.Ordinal), text.StartsWith("listen ", StringComparison.Ordinal), out ForwardPattern? pattern)
            ? pattern : throw new ArgumentException(text);

    private static PathPattern PathOf(string text) => PathPattern.TryParse(text, out PathPattern? pattern) ? pattern : throw new ArgumentException(text);

    private static SftpActions ActionsOf(string words) =>
        RuleHouse.Words(words).Aggregate(SftpActions.None, (set, word) => set | SftpWords.All.Single(w => w.Word == word).Action);

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);
}
