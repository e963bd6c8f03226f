using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Text;

namespace WireGate.Core.Policy.Facts;

/// <summary>The programs that copy by a command of their own on the upstream. A set.</summary>
[Flags]
public enum CopyPrograms
{
    /// <summary>It is none of them.</summary>
    None = 0,

    /// <summary>scp as it was before it spoke SFTP, and is with <c>-O</c>.</summary>
    Scp = 1,

    /// <summary>rsync.</summary>
    Rsync = 2,

    /// <summary>git: fetch, push and archive.</summary>
    Git = 4,
}

/// <summary>What a command that copies does on the upstream. A set.</summary>
[Flags]
public enum CopyActions
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Sends what is there.</summary>
    Read = 1,

    /// <summary>Writes, makes or removes something there.</summary>
    Write = 2,
}

/// <summary>
/// The command by which scp, rsync or git of a client runs its other half on the upstream. Only the forms that they send are recognised: of
/// any other nobody could say what it does.
/// </summary>
public sealed class CopyCommand
{
    private const string GitProgram = "git";

    private static readonly FrozenDictionary<string, CopyPrograms> Names = new Dictionary<string, CopyPrograms>
    {
        ["scp"] = CopyPrograms.Scp,
        ["rsync"] = CopyPrograms.Rsync,
        ["git-upload-pack"] = CopyPrograms.Git,
        ["git-receive-pack"] = CopyPrograms.Git,
        ["git-upload-archive"] = CopyPrograms.Git,
    }.ToFrozenDictionary(StringComparer.Ordinal);

    // Where the system's programs are.
    private static readonly ImmutableArray<string> Systems = ["/usr/", "/bin/", "/opt/", "/nix/store/"];

    private static readonly ImmutableArray<string> SftpServers = ["sftp-server", "internal-sftp"];

    private CopyCommand(CopyPrograms program, CopyActions actions, bool isDeep, IEnumerable<string> paths)
    {
        (Program, Actions, IsDeep) = (program, actions, isDeep);

        // A slash at the end says nothing more of where it leads.
        Paths = [.. paths.Select(p => new SshPath(Encoding.UTF8.GetBytes(p is [_, .., '/'] ? p[..^1] : p)))];
    }

    /// <summary>The program: one.</summary>
    public CopyPrograms Program { get; }

    /// <summary>What it does.</summary>
    public CopyActions Actions { get; }

    /// <summary>All that it does it to, a slash at the end left out. What is relative is so to the account's home, or where git looks.</summary>
    public ImmutableArray<SshPath> Paths { get; }

    /// <summary>
    /// Whether what is below the paths counts as well: it is only known not to where scp reads a file, and of git's repositories, which are
    /// one thing.
    /// </summary>
    internal bool IsDeep { get; }

    /// <summary>Whether it may change which keys log in.</summary>
    internal bool MintsCredential =>
        Program != CopyPrograms.Git && (Actions & CopyActions.Write) != 0 && Paths.Any(p => p.MayBeKeyFile || p.MayHoldKeyFile);

    /// <summary>
    /// Whether a command is by its name one that copies, whatever its form: what it prints is a stream between two programs. Somebody's own
    /// script of that name is none.
    /// </summary>
    public static bool IsStream(SshExec command)
    {
        ArgumentNullException.ThrowIfNull(command);
        return command.Words is [var program, ..]
            && (Names.ContainsKey(NameOf(program)) || SftpServers.Contains(NameOf(program)))
            && (!program.Contains('/', StringComparison.Ordinal) || Systems.Any(folder => program.StartsWith(folder, StringComparison.Ordinal)));
    }

    /// <summary>The program that a command may be by its name, whatever its form, and wherever it is.</summary>
    public static CopyPrograms ProgramOf(SshExec command)
    {
        ArgumentNullException.ThrowIfNull(command);
        return command.Words is not [var first, ..] ? CopyPrograms.None
            : NameOf(first) is var name && name == GitProgram ? CopyPrograms.Git
            : Names.GetValueOrDefault(name);
    }

    /// <summary>Reads a command.</summary>
    /// <param name="words">What it was taken apart into.</param>
    /// <returns>Null: it is in none of the forms that are known.</returns>
    internal static CopyCommand? Read(ImmutableArray<string> words) => words switch
    {
        // A program in a directory may be any of that name.
        ["scp", .. var rest] => ReadScp(rest.AsSpan()),
        ["rsync", "--server", .. var rest] => ReadRsync(rest.AsSpan()),
        ["git-upload-pack" or "git-upload-archive", var path] => ReadGit(CopyActions.Read, path),
        [GitProgram, "upload-pack" or "upload-archive", var path] => ReadGit(CopyActions.Read, path),
        ["git-receive-pack", var path] => ReadGit(CopyActions.Write, path),
        [GitProgram, "receive-pack", var path] => ReadGit(CopyActions.Write, path),
        _ => null,
    };

    private static string NameOf(string program) => program[(program.LastIndexOf('/') + 1)..];

    private static CopyCommand? ReadScp(ReadOnlySpan<string> rest)
    {
        bool reads = false, writes = false, isDeep = false;
        for (; !rest.IsEmpty && rest[0] is ['-', not '-', ..]; rest = rest[1..])
        {
            foreach (char flag in rest[0].AsSpan(1))
            {
                switch (flag)
                {
                    case 'f':
                        reads = true;
                        break;
                    case 't':
                        writes = true;
                        break;
                    case 'r':
                        isDeep = true;
                        break;
                    case 'v' or 'p' or 'd' or 'q':
                        break;
                    default:
                        return null;
                }
            }
        }

        // What follows is a path even if it begins with a dash, as the client wants to have it.
        bool isMarked = rest is ["--", ..];
        rest = isMarked ? rest[1..] : rest;
        return reads == writes || rest.IsEmpty || (writes && rest.Length > 1) || (!isMarked && HasOption(rest))
            ? null
            : new CopyCommand(CopyPrograms.Scp, reads ? CopyActions.Read : CopyActions.Write, isDeep || writes, rest.ToArray());
    }

    private static CopyCommand? ReadRsync(ReadOnlySpan<string> rest)
    {
        bool sends = rest is ["--sender", ..];
        var options = new RsyncOptions(sends);
        rest = sends ? rest[1..] : rest;
        while (rest is [not ".", ..])
        {
            if (!options.TryTake(ref rest))
            {
                return null;
            }
        }

        // It takes options behind the paths, too.
        if (rest is not [".", .. { IsEmpty: false } paths] || (!sends && paths.Length > 1) || HasOption(paths))
        {
            return null;
        }

        return new CopyCommand(CopyPrograms.Rsync, options.Actions, isDeep: true, [.. paths, .. options.Paths]);
    }

    private static CopyCommand? ReadGit(CopyActions action, string path) =>
        path.StartsWith('-') ? null : new CopyCommand(CopyPrograms.Git, action, isDeep: false, [path]);

    private static bool HasOption(ReadOnlySpan<string> words)
    {
        foreach (string word in words)
        {
            if (word.StartsWith('-'))
            {
                return true;
            }
        }

        return false;
    }
}

/// <summary>The words for <see cref="CopyPrograms"/> and <see cref="CopyActions"/>.</summary>
public static class CopyWords
{
    /// <summary>The programs, as rules may name them.</summary>
    public static ImmutableArray<(string Word, CopyPrograms Program)> Programs { get; } =
        [("scp", CopyPrograms.Scp), ("rsync", CopyPrograms.Rsync), ("git", CopyPrograms.Git)];

    /// <summary>What they do, as rules may name it.</summary>
    public static ImmutableArray<(string Word, CopyActions Action)> Actions { get; } = [("read", CopyActions.Read), ("write", CopyActions.Write)];

    /// <summary>The word of a program.</summary>
    public static string Of(CopyPrograms program) => Programs.First(p => p.Program == program).Word;

    /// <summary>The words of a set, in their order.</summary>
    public static IEnumerable<string> Of(CopyActions actions) => Actions.Where(a => (actions & a.Action) != 0).Select(a => a.Word);
}
