using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using WireGate.Core.Audit;
using WireGate.Core.Policy;
using WireGate.Core.Policy.Facts;
using WireGate.Core.Sessions;

namespace WireGate.Ssh.Operations;

/// <summary>Writes what a session asks for, and what was decided, before anything of it goes upstream.</summary>
internal sealed class OperationLog(Session session, IAuditLog audit)
{
    /// <summary>Bytes of what a client said that one record has: with every one of them escaped, it stays below its limit.</summary>
    private const int MostText = 32 * 1024;

    private readonly ArrayBufferWriter<byte> _record = new(1024);
    private int _left;

    /// <summary>An operation that passes.</summary>
    /// <param name="operation">What was asked.</param>
    /// <param name="decision">What was decided.</param>
    /// <param name="environment">What the client has set for it: <c>NAME=value</c> each.</param>
    public AuditPosition Allowed(SshOperation operation, in Decision decision, IReadOnlyList<string> environment)
    {
        WriteHead(operation, decision);
        WriteEnvironment(environment);
        return audit.Append(_record.WrittenSpan);
    }

    /// <summary>An operation that people are asked about.</summary>
    public void Held(SshOperation operation, in Decision decision)
    {
        WriteHead(operation, decision);
        audit.Append(_record.WrittenSpan);
    }

    /// <summary>An operation that people have approved, and that runs now.</summary>
    public AuditPosition Approved(HeldOperation held, in Decision decision, string approval)
    {
        WriteHead(held.Operation, decision with { Verdict = Verdict.Allow });
        WriteEnvironment(held.Environment);
        WriteMember("approval"u8, approval);
        return audit.Append(_record.WrittenSpan);
    }

    /// <summary>An operation that is refused.</summary>
    /// <param name="operation">What was asked.</param>
    /// <param name="decision">What was decided.</param>
    /// <param name="reference">What the client is told.</param>
    public void Denied(SshOperation operation, in Decision decision, string reference)
    {
        WriteHead(operation, decision);
        WriteMember("ref"u8, reference);
        WriteMember("reason"u8, decision.Reason);
        WriteMember("fault"u8, decision.Fault?.ToString());
        audit.Append(_record.WrittenSpan);
    }

    /// <summary>A file that is closed again.</summary>
    /// <param name="path">As the client opened it.</param>
    /// <param name="read">Bytes that went to the client.</param>
    /// <param name="written">Bytes that came from it.</param>
    public void Transferred(SshPath path, long read, long written)
    {
        Begin("\"event\":\"transfer\""u8);
        WriteMember("session"u8, session.Id);
        WriteFact("path"u8, path.ToString());
        WriteMember("read"u8, read);
        WriteMember("written"u8, written);
        audit.Append(_record.WrittenSpan);
    }

    private void Begin(ReadOnlySpan<byte> kind)
    {
        _record.ResetWrittenCount();
        _record.Write(kind);
        _left = MostText;
    }

    private void WriteHead(SshOperation operation, in Decision decision)
    {
        Begin("\"event\":\"operation\""u8);
        WriteMember("session"u8, session.Id);
        WriteMember("config"u8, decision.Config);
        WriteMember("verdict"u8, decision.Verdict switch { Verdict.Allow => "allow", Verdict.Hold => "hold", _ => "deny" });
        WriteMember("rule"u8, decision.Rule);
        if (decision.Observed.Length > 0)
        {
            WriteMember("observed"u8, string.Join(", ", decision.Observed));
        }

        WriteMember("masks"u8, decision.Masks.IsEmpty ? null : decision.Masks.ToString());
        WriteFacts(operation);
        WriteMember("unknown"u8, operation.Unknown);
    }

    private void WriteFacts(SshOperation operation)
    {
        switch (operation)
        {
            case SshExec exec:
                WriteCommand(exec);
                WritePty(exec.HasPty);
                if (exec.Copy is { } copy)
                {
                    WriteMember("copy"u8, CopyWords.Of(copy.Program));
                    WriteMembers("operations"u8, CopyWords.Of(copy.Actions));
                    WriteMembers("paths"u8, copy.Paths.Select(p => p.ToString()), "pathsSha256"u8);
                }

                break;
            case SshShell shell:
                WriteMember("shell"u8, "");
                WritePty(shell.HasPty);
                break;
            case SshSubsystem subsystem:
                WriteFact("subsystem"u8, subsystem.Written);
                WritePty(subsystem.HasPty);
                break;
            case SshForward forward:
                WriteFact("forward"u8, forward.ToString());
                break;
            case SshRequest request:
                WriteFact("request"u8, request.Name);
                WriteMember("of"u8, request.IsGlobal ? "connection" : "channel");
                break;
            case SftpOperation sftp:
                WriteMembers("sftp"u8, SftpWords.Of(sftp.Actions));
                WriteMembers("paths"u8, sftp.Paths.Select(p => p.ToString()));
                break;
            default:
                WriteFact("asked"u8, operation.ToString());
                break;
        }
    }

    private void WriteEnvironment(IReadOnlyList<string> environment)
    {
        if (environment.Count > 0)
        {
            WriteMembers("environment"u8, environment, "environmentSha256"u8);
        }
    }

    private void WritePty(bool hasPty)
    {
        if (hasPty)
        {
            _record.Write(",\"pty\":true"u8);
        }
    }

    private void WriteMember(ReadOnlySpan<byte> name, long value)
    {
        WriteName(name);
        value.TryFormat(_record.GetSpan(20), out int written, provider: CultureInfo.InvariantCulture);
        _record.Advance(written);
    }

    // Of what is no text, or too long to be looked at, the bytes as they came are known by their digest.
    private void WriteCommand(SshExec exec)
    {
        if (exec.Command is not null)
        {
            WriteFact("exec"u8, exec.Command);
            return;
        }

        WriteName("exec"u8);
        WriteText(Encoding.UTF8.GetBytes(exec.Written));
        WriteMember("bytes"u8, exec.Undecoded.Length);
        WriteDigest("sha256"u8, exec.Undecoded.Span);
    }

    private void WriteMember(ReadOnlySpan<byte> name, string? value)
    {
        if (value is null)
        {
            return;
        }

        WriteName(name);
        AuditText.WriteString(_record, Encoding.UTF8.GetBytes(value));
    }

    /// <summary>What a client said.</summary>
    private void WriteFact(ReadOnlySpan<byte> name, string value)
    {
        WriteName(name);
        byte[] text = Encoding.UTF8.GetBytes(value);
        if (!WriteText(text))
        {
            // What is cut is known by its digest.
            WriteDigest("sha256"u8, text);
        }
    }

    private void WriteMembers(ReadOnlySpan<byte> name, IEnumerable<string> values) => WriteMembers(name, values, "sha256"u8);

    private void WriteMembers(ReadOnlySpan<byte> name, IEnumerable<string> values, ReadOnlySpan<byte> digest)
    {
        WriteName(name);
        _record.Write("["u8);
        bool isFirst = true, isWhole = true;
        foreach (string value in values)
        {
            _record.Write(isFirst ? ""u8 : ","u8);
            isWhole &= WriteText(Encoding.UTF8.GetBytes(value));
            isFirst = false;
        }

        _record.Write("]"u8);
        if (!isWhole)
        {
            WriteDigest(digest, Encoding.UTF8.GetBytes(string.Join('\0', values)));
        }
    }

    private void WriteName(ReadOnlySpan<byte> name)
    {
        _record.Write(",\""u8);
        _record.Write(name);
        _record.Write("\":"u8);
    }

    /// <returns>False: it was cut.</returns>
    private bool WriteText(ReadOnlySpan<byte> text)
    {
        int length = Math.Min(text.Length, _left);
        AuditText.WriteString(_record, text[..length]);
        _left -= length;
        return length == text.Length;
    }

    private void WriteDigest(ReadOnlySpan<byte> name, ReadOnlySpan<byte> bytes)
    {
        WriteName(name);
        AuditText.WriteString(_record, Encoding.ASCII.GetBytes(Convert.ToHexStringLower(SHA256.HashData(bytes))));
    }
}
