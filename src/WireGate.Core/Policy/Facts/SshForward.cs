namespace WireGate.Core.Policy.Facts;

/// <summary>What is carried beside the sessions of an SSH connection.</summary>
public enum SshForwardKind
{
    /// <summary>It is not known.</summary>
    None = 0,

    /// <summary>The client connects to something that the upstream reaches.</summary>
    Local,

    /// <summary>The upstream listens, and what comes there is carried to the client.</summary>
    Remote,

    /// <summary>The client's keys, for as long as it is there.</summary>
    Agent,

    /// <summary>The client's screen.</summary>
    X11,

    /// <summary>Whole packets of a network. No rule lets it pass.</summary>
    Tun,
}

/// <summary>One forwarded port, socket, agent, screen or tunnel.</summary>
public sealed record SshForward : SshOperation
{
    private const uint LastPort = ushort.MaxValue;

    private SshForward(SshForwardKind kind) => Kind = kind;

    /// <summary>The client's agent.</summary>
    public static SshForward Agent { get; } = new(SshForwardKind.Agent);

    /// <summary>The client's screen.</summary>
    public static SshForward X11 { get; } = new(SshForwardKind.X11);

    /// <summary>A tunnel.</summary>
    public static SshForward Tun { get; } = new(SshForwardKind.Tun);

    /// <summary>What it is.</summary>
    public SshForwardKind Kind { get; }

    /// <summary>The host as the client wrote it; null: there is none, or it is not UTF-8.</summary>
    public string? WrittenHost { get; private init; }

    /// <summary>
    /// Where it goes, or where the upstream listens: a name in lower case, or an address in its usual form; empty: it listens everywhere.
    /// Null: there is none, or what it means depends on who reads it, like <c>0x7f.1</c>.
    /// </summary>
    public string? Host { get; private init; }

    /// <summary>The port; 0 where the upstream may choose the one that it listens on.</summary>
    public uint Port { get; private init; }

    /// <summary>The socket; null: it is a host, or neither.</summary>
    public SshPath? Path { get; private init; }

    /// <inheritdoc/>
    public override string? Unknown => Kind switch
    {
        SshForwardKind.None => "it is no forward that is known here",
        SshForwardKind.Local or SshForwardKind.Remote when Path is { } path => path.IsPlain ? null : "where the path of the socket leads cannot be told",
        SshForwardKind.Local when Host is null || Port is 0 or > LastPort => "where it leads depends on who reads the address",
        SshForwardKind.Remote when Host is null || Port > LastPort => "where it listens depends on who reads the address",
        _ => null,
    };

    /// <summary>The upstream listens wherever it can.</summary>
    internal bool IsEverywhere => Kind == SshForwardKind.Remote && Host is "" or "0.0.0.0" or "::";

    /// <summary>A connection to a host, <c>direct-tcpip</c>.</summary>
    public static SshForward ToHost(ReadOnlySpan<byte> host, uint port) => Of(SshForwardKind.Local, host, port);

    /// <summary>A connection to a Unix socket, <c>direct-streamlocal@openssh.com</c>.</summary>
    public static SshForward ToSocket(ReadOnlySpan<byte> path) => new(SshForwardKind.Local) { Path = new SshPath(path) };

    /// <summary>Listening on a port, <c>tcpip-forward</c>.</summary>
    public static SshForward ListenOn(ReadOnlySpan<byte> host, uint port) => Of(SshForwardKind.Remote, host, port);

    /// <summary>Listening on a Unix socket, <c>streamlocal-forward@openssh.com</c>.</summary>
    public static SshForward ListenOnSocket(ReadOnlySpan<byte> path) => new(SshForwardKind.Remote) { Path = new SshPath(path) };

    /// <summary>Where it leads, for people.</summary>
    public override string ToString() => Kind switch
    {
        SshForwardKind.Local => Place,
        SshForwardKind.Remote => $"listen:{Place}",
        _ => Kind.ToString().ToLowerInvariant(),
    };

    private string Place => Path?.ToString()
        ?? (HostForPeople.Contains(':', StringComparison.Ordinal) ? $"[{HostForPeople}]:{Port}" : $"{HostForPeople}:{Port}");

    // In place of bytes that are no text \x{ff}.
    private string HostForPeople { get; init; } = "";

    private static SshForward Of(SshForwardKind kind, ReadOnlySpan<byte> host, uint port)
    {
        string? written = SshText.Decode(host);
        string? read = written is null ? null : HostNames.Read(written);

        // Listening nowhere in particular is everywhere; connecting there is left to the upstream.
        return new(kind)
        {
            WrittenHost = written,
            HostForPeople = written ?? SshText.Escape(host),
            Host = kind == SshForwardKind.Remote && written == "" ? ""
                : kind == SshForwardKind.Local && read is "0.0.0.0" or "::" ? null
                : read,
            Port = port,
        };
    }
}
