using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using WireGate.Core.Policy;
using WireGate.Core.Policy.Facts;

namespace WireGate.Core.Configuration;

/// <summary>
/// What may be forwarded: <c>host:port</c> or the path of a socket, to connect to or to listen on, <c>agent</c> or <c>x11</c>. In a host
/// <c>*</c> is any run of characters but '.', and alone any host; a port is a number, <c>*</c> or <c>a-b</c>. A name is compared as a name:
/// what address it has is the upstream's business.
/// </summary>
public sealed record ForwardPattern
{
    /// <summary>The client's agent.</summary>
    public const string AgentWord = "agent";

    /// <summary>The client's screen.</summary>
    public const string X11Word = "x11";

    private const string Any = "*";
    private const string Never = ".";

    private readonly SshForwardKind _kind;
    private readonly string? _host;
    private readonly PathPattern? _path;
    private readonly uint _first;
    private readonly uint _last;

    private ForwardPattern(string text, SshForwardKind kind, string? host, PathPattern? path, (uint First, uint Last) ports)
    {
        Text = text;
        _kind = kind;
        _host = host;
        _path = path;
        (_first, _last) = ports;
    }

    /// <summary>As it is written.</summary>
    public string Text { get; }

    /// <summary>It is about where the upstream listens.</summary>
    public bool IsListen => _kind == SshForwardKind.Remote;

    /// <summary>Reads a pattern.</summary>
    /// <param name="text">As it is written.</param>
    /// <param name="isListen">It is about where the upstream listens.</param>
    /// <param name="pattern">The pattern.</param>
    public static bool TryParse(string text, bool isListen, [NotNullWhen(true)] out ForwardPattern? pattern)
    {
        ArgumentNullException.ThrowIfNull(text);
        SshForwardKind kind = isListen ? SshForwardKind.Remote : SshForwardKind.Local;
        pattern = null;
        if (!isListen && text is AgentWord or X11Word)
        {
            pattern = new ForwardPattern(text, text == AgentWord ? SshForwardKind.Agent : SshForwardKind.X11, null, null, default);
        }
        else if (PathPattern.TryParse(text, out PathPattern? path))
        {
            pattern = new ForwardPattern(text, kind, null, path, default);
        }
        else if (text.LastIndexOf(':') is > 0 and int colon && ReadHost(text[..colon]) is { } host && ReadPorts(text[(colon + 1)..], isListen) is { } ports)
        {
            pattern = new ForwardPattern(text, kind, host, null, ports);
        }

        return pattern is not null;
    }

    /// <summary>Whether it is surely this forward.</summary>
    public bool Covers(SshForward forward)
    {
        ArgumentNullException.ThrowIfNull(forward);
        return forward.Kind == _kind && forward.Unknown is null && Fits(forward);
    }

    /// <summary>Whether it may be this forward, or a part of it.</summary>
    public bool Touches(SshForward forward)
    {
        ArgumentNullException.ThrowIfNull(forward);
        if (forward.Kind == SshForwardKind.None)
        {
            return true;
        }

        bool isOfKind = forward.Kind == _kind && (_kind is not (SshForwardKind.Local or SshForwardKind.Remote) || (forward.Path is null) == (_path is null));
        return isOfKind && (forward.Unknown is not null
            || Fits(forward)
            || (_host is not null && (FitsHost(forward) || forward.IsEverywhere) && (FitsPort(forward.Port) || forward.Port == 0)));
    }

    /// <inheritdoc/>
    public bool Equals(ForwardPattern? other) => other is not null && other._kind == _kind && other.Text == Text;

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(_kind, Text);

    /// <inheritdoc/>
    public override string ToString() => Text;

    private bool Fits(SshForward forward) => _path is not null ? forward.Path is { } path && _path.Matches(path)
        : _host is not null ? forward.Path is null && FitsHost(forward) && FitsPort(forward.Port)
        : true;

    private bool FitsHost(SshForward forward) => forward.Host is { } host && (_host == Any || Glob.Matches(_host, host, Never));

    private bool FitsPort(uint port) => port >= _first && port <= _last;

    /// <returns>Null: no host that a client asks for can fit it.</returns>
    private static string? ReadHost(string text)
    {
        if (text.StartsWith('[') && text.EndsWith(']'))
        {
            return text.Contains(':', StringComparison.Ordinal) ? HostNames.Read(text[1..^1]) : null;
        }

        // With a letter for its stars, it must be what a host could be.
        return text == Any ? Any
            : text.Contains(':', StringComparison.Ordinal) ? null
            : HostNames.Read(text.Replace('*', 'x')) is null ? (IsOfAddresses(text) ? text : null)
            : text.EndsWith('.') ? null
            : text.ToLowerInvariant();
    }

    // 10.0.*.5 ends in a number, and is no name.
    private static bool IsOfAddresses(string text) =>
        text.Contains('*', StringComparison.Ordinal) && text.Split('.').Length == 4 && HostNames.Read(text.Replace('*', '1')) is not null;

    private static (uint First, uint Last)? ReadPorts(string text, bool isListen)
    {
        if (text == Any)
        {
            return (0, ushort.MaxValue);
        }

        string[] ends = text.Split('-');
        uint least = isListen && ends.Length == 1 ? 0U : 1U;
        return ends.Length <= 2
            && TryRead(ends[0], out ushort first)
            && TryRead(ends[^1], out ushort last)
            && first >= least
            && first <= last ? (first, last) : null;
    }

    private static bool TryRead(string text, out ushort port) => ushort.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out port);
}
