using System.Text.Json;
using WireGate.Core.Policy.Facts;

namespace WireGate.Core.Policy.External;

/// <summary>The facts of an operation of SSH as JSON.</summary>
internal static class SshFactsJson
{
    /// <summary>Writes the property <c>ssh</c>.</summary>
    /// <param name="json">Where to.</param>
    /// <param name="operation">The operation.</param>
    internal static void Write(Utf8JsonWriter json, SshOperation operation)
    {
        json.WriteStartObject("ssh");
        switch (operation)
        {
            case SshExec exec:
                json.WriteString("kind", "exec");
                json.WriteBoolean("pty", exec.HasPty);
                json.WriteString("command", exec.Command);
                if (!exec.Words.IsEmpty)
                {
                    Write(json, "argv", exec.Words);
                }

                if (exec.Copy is { } copy)
                {
                    Write(json, copy);
                }

                break;
            case SshShell shell:
                json.WriteString("kind", "shell");
                json.WriteBoolean("pty", shell.HasPty);
                break;
            case SshSubsystem subsystem:
                json.WriteString("kind", "subsystem");
                json.WriteBoolean("pty", subsystem.HasPty);
                json.WriteString("name", subsystem.Name);
                break;
            case SftpOperation sftp:
                json.WriteString("kind", "sftp");
                Write(json, "operations", SftpWords.Of(sftp.Actions));
                Write(json, "paths", sftp.Paths.Select(p => p.Text));
                break;
            case SshForward forward:
                Write(json, forward);
                break;
            case SshRequest request:
                json.WriteString("kind", "request");
                json.WriteString("name", request.Name);
                json.WriteBoolean("global", request.IsGlobal);
                break;
            default:
                json.WriteString("kind", "unknown");
                break;
        }

        json.WriteString("unknown", operation.Unknown);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, CopyCommand copy)
    {
        json.WriteStartObject("copy");
        json.WriteString("with", CopyWords.Of(copy.Program));
        Write(json, "operations", CopyWords.Of(copy.Actions));
        Write(json, "paths", copy.Paths.Select(p => p.Text));
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, SshForward forward)
    {
        json.WriteString("kind", "forward");
        json.WriteString("direction", forward.Kind.ToString().ToLowerInvariant());
        if (forward.Path is { } path)
        {
            json.WriteString("path", path.Text);
        }
        else if (forward.Kind is SshForwardKind.Local or SshForwardKind.Remote)
        {
            json.WriteString("host", forward.Host);
            json.WriteString("writtenHost", forward.WrittenHost);
            json.WriteNumber("port", forward.Port);
        }
    }

    private static void Write(Utf8JsonWriter json, string name, IEnumerable<string?> values)
    {
        json.WriteStartArray(name);
        foreach (string? value in values)
        {
            json.WriteStringValue(value);
        }

        json.WriteEndArray();
    }
}
