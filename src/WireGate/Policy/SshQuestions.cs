using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using System.Text.Json;
using WireGate.Core.Policy.Facts;

namespace WireGate.Policy;

/// <summary>Operations of SSH as people write them, for <c>explain</c> and in fixtures, and as the audit log has them. Pure functions.</summary>
internal static class SshQuestions
{
    public const string SftpForm = "OPERATION:PATH, like read:/srv/a, read,write:/srv/a or rename:/srv/a:/srv/b";
    public const string RequestForm = "the name of a request that is not known here, like name@example.com";
    public const string ForwardForm = "HOST:PORT, the path of a socket, listen:HOST:PORT, listen:PATH, agent, x11 or tun";

    private const string Connection = "connection";
    private const string Listen = "listen:";

    public static SshOperation Exec(string command, bool hasPty) => new SshExec(Bytes(command), hasPty);

    /// <summary>Reads the name of a request that is not known here; whether it is of a channel is nothing to rules.</summary>
    public static bool TryRequest(string text, [NotNullWhen(true)] out SshOperation? operation)
    {
        operation = SshRequest.IsName(text) ? new SshRequest(text, isGlobal: false) : null;
        return operation is not null;
    }

    public static SshOperation Subsystem(string name, bool hasPty) => new SshSubsystem(Bytes(name), hasPty);

    /// <summary>Reads what is done, and to what.</summary>
    public static bool TrySftp(string text, [NotNullWhen(true)] out SshOperation? operation)
    {
        operation = null;
        int colon = text.IndexOf(':', StringComparison.Ordinal);
        if (colon <= 0)
        {
            return false;
        }

        SftpActions actions = SftpActions.None;
        foreach (string word in text[..colon].Split(','))
        {
            SftpActions action = SftpWords.All.FirstOrDefault(w => w.Word == word).Action;
            if (action == SftpActions.None)
            {
                return false;
            }

            actions |= action;
        }

        // Only what has two paths is parted: a colon may be in a path.
        bool isOfTwo = (actions & (SftpActions.Rename | SftpActions.Link)) != 0;
        string[] paths = isOfTwo ? text[(colon + 1)..].Split(':') : [text[(colon + 1)..]];
        ImmutableArray<SshPath> read = [.. paths.Select(p => new SshPath(Bytes(p)))];
        operation = paths.Length == (isOfTwo ? 2 : 1) ? new SftpOperation(actions, read) : null;
        return operation is not null;
    }

    /// <summary>Reads what is forwarded.</summary>
    public static bool TryForward(string text, [NotNullWhen(true)] out SshOperation? operation)
    {
        bool isListen = text.StartsWith(Listen, StringComparison.Ordinal);
        string place = isListen ? text[Listen.Length..] : text;
        int colon = place.LastIndexOf(':');
        operation = text switch
        {
            "agent" => SshForward.Agent,
            "x11" => SshForward.X11,
            "tun" => SshForward.Tun,
            _ when place.StartsWith('/') => isListen ? SshForward.ListenOnSocket(Bytes(place)) : SshForward.ToSocket(Bytes(place)),
            _ when colon >= 0 && uint.TryParse(place[(colon + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out uint port) =>
                isListen ? SshForward.ListenOn(Host(place[..colon]), port) : SshForward.ToHost(Host(place[..colon]), port),
            _ => null,
        };
        return operation is not null;
    }

    /// <summary>Reads an operation as the audit log has it.</summary>
    /// <returns>Null: it has not all of it.</returns>
    public static SshOperation? OfRecord(JsonElement fact)
    {
        if (fact.TryGetProperty("request", out JsonElement request) && SshRequest.IsName(request.GetString()!))
        {
            return new SshRequest(request.GetString()!, fact.TryGetProperty("of", out JsonElement of) && of.ValueEquals(Connection));
        }

        if (fact.TryGetProperty("sha256", out _) || fact.TryGetProperty("unknown", out _))
        {
            return null;
        }

        bool hasPty = fact.TryGetProperty("pty", out JsonElement pty) && pty.GetBoolean();
        return fact.TryGetProperty("exec", out JsonElement command) ? Exec(command.GetString()!, hasPty)
            : fact.TryGetProperty("subsystem", out JsonElement name) ? Subsystem(name.GetString()!, hasPty)
            : fact.TryGetProperty("shell", out _) ? new SshShell(hasPty)
            : fact.TryGetProperty("forward", out JsonElement place) && TryForward(place.GetString()!, out SshOperation? forward) ? forward
            : fact.TryGetProperty("sftp", out JsonElement actions) && fact.TryGetProperty("paths", out JsonElement paths) ? OfRecord(actions, paths)
            : null;
    }

    /// <summary>What it is, in one line.</summary>
    public static string Describe(SshOperation operation) => operation switch
    {
        SshExec exec => $"exec {exec.Command}{Pty(exec.HasPty)}",
        SshShell shell => $"shell{Pty(shell.HasPty)}",
        SshSubsystem subsystem => $"subsystem {subsystem.Name}{Pty(subsystem.HasPty)}",
        SshRequest request => $"request {request.Name}",
        SftpOperation sftp => $"sftp {string.Join(", ", SftpWords.Of(sftp.Actions))} {string.Join(", ", sftp.Paths)}",
        _ => $"forward {operation}",
    };

    /// <summary>What a command was taken for that copies, in one line; null: it was taken for none.</summary>
    public static string? DescribeCopy(SshOperation operation) => operation switch
    {
        SshExec { Copy: { } copy } =>
            $"copy with {CopyWords.Of(copy.Program)}: {string.Join(", ", CopyWords.Of(copy.Actions))} {string.Join(", ", copy.Paths)}",
        SshExec exec when CopyCommand.ProgramOf(exec) is not CopyPrograms.None and var program =>
            $"not as a client of {CopyWords.Of(program)} sends it: no copy of an allow covers it, and each of a deny or hold with it touches it",
        _ => null,
    };

    private static SftpOperation OfRecord(JsonElement actions, JsonElement paths) => new(
        actions.EnumerateArray().Aggregate(SftpActions.None, (all, word) => all | SftpWords.All.FirstOrDefault(w => w.Word == word.GetString()).Action),
        [.. paths.EnumerateArray().Select(p => new SshPath(Bytes(p.GetString()!)))]);

    // An address of version 6 comes in brackets, as everywhere, and goes on the wire without.
    private static byte[] Host(string text) => Bytes(text is ['[', .., ']'] && text.Contains(':', StringComparison.Ordinal) ? text[1..^1] : text);

    private static string Pty(bool hasPty) => hasPty ? " (with a terminal)" : "";

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);
}
