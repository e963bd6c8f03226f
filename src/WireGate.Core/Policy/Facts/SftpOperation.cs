using System.Collections.Immutable;

namespace WireGate.Core.Policy.Facts;

/// <summary>What an SFTP request does. A set: a file that is opened for both is read and written.</summary>
[Flags]
public enum SftpActions
{
    /// <summary>It is not known.</summary>
    None = 0,

    /// <summary>Reads a file.</summary>
    Read = 1,

    /// <summary>Writes, makes or cuts a file.</summary>
    Write = 2,

    /// <summary>Lists a directory.</summary>
    List = 4,

    /// <summary>Asks for attributes.</summary>
    Stat = 8,

    /// <summary>Sets attributes.</summary>
    SetStat = 16,

    /// <summary>Removes a file.</summary>
    Remove = 32,

    /// <summary>Makes a directory.</summary>
    MakeDirectory = 64,

    /// <summary>Removes a directory.</summary>
    RemoveDirectory = 128,

    /// <summary>Renames.</summary>
    Rename = 256,

    /// <summary>Makes a link, of either kind.</summary>
    Link = 512,

    /// <summary>Reads where a link leads.</summary>
    ReadLink = 1024,

    /// <summary>Asks for the state of a file system.</summary>
    StatVfs = 2048,

    /// <summary>It cannot be known, like an extension. A rule that allows it has to name it.</summary>
    Other = 4096,
}

/// <summary>One SFTP request upon the paths that it names.</summary>
public sealed record SftpOperation : SshOperation
{
    private const SftpActions OfTwo = SftpActions.Rename | SftpActions.Link;

    // Which key logs in is changed by what puts something there; what cannot be known may.
    private const SftpActions Puts = SftpActions.Write | SftpActions.Remove | OfTwo | SftpActions.Other;

    /// <param name="actions">What it does; none: nobody knows.</param>
    /// <param name="paths">All that it does it to: two where it renames or links.</param>
    public SftpOperation(SftpActions actions, params ImmutableArray<SshPath> paths)
    {
        Actions = SftpWords.IsKnown(actions) ? actions : SftpActions.None;
        Paths = paths.IsDefault ? [] : paths;
        Unknown = Actions == SftpActions.None || (Actions & SftpActions.Other) != 0 ? "it is no request that is known here"
            : Paths.Any(p => p.Text is null) ? "the path is not UTF-8"
            : (Actions & OfTwo) != 0 && Paths.Length < 2 ? "one of its two paths is missing"
            : null;
        IsWhole = Actions == SftpActions.Other ? Paths.All(p => p.Text is not null) : Unknown is null;
    }

    /// <summary>What it does.</summary>
    public SftpActions Actions { get; }

    /// <summary>What it does it to.</summary>
    public ImmutableArray<SshPath> Paths { get; }

    /// <inheritdoc/>
    public override string? Unknown { get; }

    /// <summary>Whether all is known that rules can name: <see cref="SftpActions.Other"/> is one of their words.</summary>
    internal bool IsWhole { get; }

    /// <summary>Whether it may change which keys log in.</summary>
    internal bool MintsCredential => (Actions == SftpActions.None || (Actions & Puts) != 0) && Paths.Any(p => p.MayBeKeyFile);
}

/// <summary>The words for <see cref="SftpActions"/>.</summary>
public static class SftpWords
{
    /// <summary>All of them, as rules may name them.</summary>
    public static ImmutableArray<(string Word, SftpActions Action)> All { get; } =
    [
        ("read", SftpActions.Read),
        ("write", SftpActions.Write),
        ("list", SftpActions.List),
        ("stat", SftpActions.Stat),
        ("setstat", SftpActions.SetStat),
        ("remove", SftpActions.Remove),
        ("mkdir", SftpActions.MakeDirectory),
        ("rmdir", SftpActions.RemoveDirectory),
        ("rename", SftpActions.Rename),
        ("link", SftpActions.Link),
        ("readlink", SftpActions.ReadLink),
        ("statvfs", SftpActions.StatVfs),
        ("other", SftpActions.Other),
    ];

    private static readonly SftpActions Every = All.Aggregate(SftpActions.None, (set, w) => set | w.Action);

    /// <summary>The words of a set, in their order.</summary>
    public static IEnumerable<string> Of(SftpActions actions) => All.Where(w => (actions & w.Action) != 0).Select(w => w.Word);

    internal static bool IsKnown(SftpActions actions) => (actions & ~Every) == 0;
}
