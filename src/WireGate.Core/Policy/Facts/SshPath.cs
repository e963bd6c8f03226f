using System.Collections.Immutable;

namespace WireGate.Core.Policy.Facts;

/// <summary>A path on the upstream, as the client wrote it. Links and chroots are the upstream's, and nobody here knows them.</summary>
public sealed class SshPath
{
    // As sshd looks for them by default.
    private static readonly ImmutableArray<string> KeyFiles = ["authorized_keys", "authorized_keys2"];

    private const string KeyDirectory = ".ssh";

    private readonly string _written;

    /// <param name="path">As the client sent it.</param>
    public SshPath(ReadOnlySpan<byte> path)
    {
        Text = SshText.Decode(path);
        _written = Text ?? SshText.Escape(path);
        if (Text is not null && Text.StartsWith('/'))
        {
            ImmutableArray<string> segments = Text.Length == 1 ? [] : [.. Text[1..].Split('/')];
            IsPlain = segments.All(IsPlainSegment);
            Segments = IsPlain ? segments : [];
        }
    }

    /// <summary>As the client wrote it; null: it is not UTF-8, or has a NUL in it.</summary>
    public string? Text { get; }

    /// <summary>Whether it can be told where it leads, but for links: it is absolute, and has no part that is <c>.</c>, <c>..</c>, empty or unprintable.</summary>
    public bool IsPlain { get; }

    /// <summary>Its parts; empty: it is the root, or not plain.</summary>
    public ImmutableArray<string> Segments { get; } = [];

    /// <summary>Whether it may be that of a file that says which keys log in.</summary>
    internal bool MayBeKeyFile
    {
        get
        {
            if (Text is null)
            {
                return true;
            }

            // Some file systems know no case.
            return Last is { } last && KeyFiles.Contains(last, StringComparer.OrdinalIgnoreCase);
        }
    }

    /// <summary>Whether it may be that of a directory in which such a file is.</summary>
    internal bool MayHoldKeyFile => Last is { } last && last.Equals(KeyDirectory, StringComparison.OrdinalIgnoreCase);

    private string? Last => Text?.Split('/').LastOrDefault(s => s is not ("" or "."));

    /// <summary>For people: in place of bytes that are no text <c>\x{ff}</c>.</summary>
    public override string ToString() => _written;

    /// <summary>Whether a part stands for itself.</summary>
    internal static bool IsPlainSegment(string segment) => segment is not ("" or "." or "..") && !segment.Any(char.IsControl);
}
