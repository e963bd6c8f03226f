using System.Buffers;
using System.Collections.Frozen;

namespace WireGate.Core.Policy.Facts;

/// <summary>
/// A request of a whole connection or of a channel (RFC 4254 sections 4 and 5.4) that is not known here. Nobody can say what it means, so only
/// a rule that names it lets it pass.
/// </summary>
public sealed record SshRequest : SshOperation
{
    /// <summary>RFC 4250 section 4.6.1: printable US-ASCII without a comma, and not longer.</summary>
    public const int LongestName = 64;

    private static readonly SearchValues<char> Characters =
        SearchValues.Create([.. Enumerable.Range('!', '~' - '!' + 1).Select(c => (char)c).Where(c => c != ',')]);

    private static readonly FrozenSet<string> Judged = FrozenSet.Create(
        StringComparer.Ordinal,
        "exec", "shell", "subsystem", "pty-req", "env", "x11-req", "auth-agent-req", "auth-agent-req@openssh.com", "agent-req", "signal", "break",
        "window-change", "xon-xoff", "exit-status", "exit-signal", "eow@openssh.com", "keepalive", "keepalive@openssh.com",
        "no-more-sessions@openssh.com", "tcpip-forward", "cancel-tcpip-forward", "streamlocal-forward@openssh.com",
        "cancel-streamlocal-forward@openssh.com", "hostkeys@openssh.com", "hostkeys-00@openssh.com", "hostkeys-prove@openssh.com",
        "hostkeys-prove-00@openssh.com");

    /// <param name="name">The name of its type, of which <see cref="IsName"/> is true.</param>
    /// <param name="isGlobal">It is of the whole connection; else of a channel.</param>
    public SshRequest(string name, bool isGlobal)
    {
        ArgumentOutOfRangeException.ThrowIfEqual(IsName(name), false, nameof(name));
        (Name, IsGlobal) = (name, isGlobal);
    }

    /// <summary>Those that are known here, by their names: no pattern of a rule may mean one of them.</summary>
    public static IReadOnlyCollection<string> Known => Judged;

    /// <summary>The name of its type.</summary>
    public string Name { get; }

    /// <summary>It is of the whole connection; else of a channel.</summary>
    public bool IsGlobal { get; }

    /// <inheritdoc/>
    public override string? Unknown => "what it means is not known here";

    /// <summary>Whether a name can be one of a request that is not known here.</summary>
    public static bool IsName(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return name.Length is > 0 and <= LongestName && !name.AsSpan().ContainsAnyExcept(Characters) && !Judged.Contains(name);
    }
}
