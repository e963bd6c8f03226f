using System.Buffers;
using System.Collections.Immutable;
using System.Globalization;
using System.Text;

namespace WireGate.Core.Policy.Facts;

/// <summary>
/// One thing that an SSH client asks for. What cannot be known of it is covered by no rule that names operations, only by one that means
/// all of them, and is touched by each rule that could mean it.
/// </summary>
public abstract record SshOperation : Operation
{
    /// <summary>Why it cannot be known what is asked for, for the audit log and <c>explain</c>; null: it is known.</summary>
    public abstract string? Unknown { get; }
}

/// <summary>A command: the string that the upstream hands to the account's shell.</summary>
public sealed record SshExec : SshOperation
{
    /// <summary>The longest command that is looked at, in bytes.</summary>
    public const int LongestCommand = 64 * 1024;

    /// <param name="command">As the client sent it.</param>
    /// <param name="hasPty">Whether its channel has a terminal.</param>
    public SshExec(ReadOnlySpan<byte> command, bool hasPty)
    {
        Command = command.Length > LongestCommand ? null : SshText.Decode(command);
        Written = Command ?? SshText.Escape(command);
        Undecoded = Command is null ? command.ToArray() : default;
        Words = Command is null ? [] : ShellWords.Split(Command);
        Copy = CopyCommand.Read(Words);
        HasPty = hasPty;
        Unknown = Command is not null ? null
            : command.Length > LongestCommand ? "the command is longer than 64 KiB"
            : "the command is not text in UTF-8";
    }

    /// <summary>The whole command; null: it is too long, not UTF-8, or has a NUL in it.</summary>
    public string? Command { get; }

    /// <summary>The whole command for people: in place of bytes that are no text <c>\x{ff}</c>.</summary>
    public string Written { get; }

    /// <summary>As it came, where it is not known as text; else empty.</summary>
    public ReadOnlyMemory<byte> Undecoded { get; }

    /// <summary>What any shell takes it apart into; empty: that depends on the shell, or on more than the command.</summary>
    public ImmutableArray<string> Words { get; }

    /// <summary>What it copies; null: it is not in the form of a command by which scp, rsync or git do.</summary>
    public CopyCommand? Copy { get; }

    /// <summary>Whether its channel has a terminal.</summary>
    public bool HasPty { get; }

    /// <inheritdoc/>
    public override string? Unknown { get; }
}

/// <summary>A shell, of which nobody knows what will be done in it.</summary>
/// <param name="HasPty">Whether its channel has a terminal.</param>
public sealed record SshShell(bool HasPty) : SshOperation
{
    /// <inheritdoc/>
    public override string? Unknown => null;
}

/// <summary>A subsystem.</summary>
public sealed record SshSubsystem : SshOperation
{
    /// <summary>Name of the one that speaks SFTP.</summary>
    public const string Sftp = "sftp";

    /// <param name="name">As the client sent it.</param>
    /// <param name="hasPty">Whether its channel has a terminal.</param>
    public SshSubsystem(ReadOnlySpan<byte> name, bool hasPty)
    {
        Name = name.IsEmpty ? null : SshText.Decode(name);
        Written = Name ?? SshText.Escape(name);
        HasPty = hasPty;
    }

    /// <summary>Its name; null: there is none, or it is not UTF-8, or has a NUL in it.</summary>
    public string? Name { get; }

    /// <summary>Its name for people: in place of bytes that are no text <c>\x{ff}</c>.</summary>
    public string Written { get; }

    /// <summary>Whether its channel has a terminal.</summary>
    public bool HasPty { get; }

    /// <inheritdoc/>
    public override string? Unknown => Name is null ? "the subsystem has no name in UTF-8" : null;
}

/// <summary>Strings of the SSH protocols, which are bytes.</summary>
internal static class SshText
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <returns>Null: it is not UTF-8, or has a NUL in it, where the upstream may stop reading.</returns>
    internal static string? Decode(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Contains((byte)0))
        {
            return null;
        }

        try
        {
            return Strict.GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }

    /// <summary>All of it for people: in place of each byte that is no text <c>\x{ff}</c>.</summary>
    internal static string Escape(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder(bytes.Length);
        while (!bytes.IsEmpty)
        {
            if (bytes[0] != 0 && Rune.DecodeFromUtf8(bytes, out Rune rune, out int length) == OperationStatus.Done)
            {
                text.Append(rune);
                bytes = bytes[length..];
            }
            else
            {
                text.Append(CultureInfo.InvariantCulture, $"\\x{{{bytes[0]:x2}}}");
                bytes = bytes[1..];
            }
        }

        return text.ToString();
    }
}
