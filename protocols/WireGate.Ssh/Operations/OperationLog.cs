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
    /// <summary>Bytes of a command or path that are written: with every one of them escaped, a record stays below its limit.</summary>
    private const int MostText = 32 * 1024;

    private readonly ArrayBufferWriter<byte> _record = new(1024);

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
        _record.ResetWrittenCount();
        _record.Write("\"event\":\"transfer\""u8);
        WriteMember("session"u8, session.Id);
        WriteMember("path"u8, path.ToString());
        WriteMember("read"u8, read);
        WriteMember("written"u8, written);
        audit.Append(_record.WrittenSpan);
    }

    private void WriteHead(SshOperation operation, in Decision decision)
    {
        _record.ResetWrittenCount();
        _record.Write("\"event\":\"operation\""u8);
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
                WriteMember("exec"u8, exec.Command ?? "");
                WritePty(exec.HasPty);
                break;
            case SshShell shell:
                WriteMember("shell"u8, "");
                WritePty(shell.HasPty);
                break;
            case SshSubsystem subsystem:
                WriteMember("subsystem"u8, subsystem.Name ?? "");
                WritePty(subsystem.HasPty);
                break;
            case SshForward forward:
                WriteMember("forward"u8, forward.ToString());
                break;
            case SftpOperation sftp:
                WriteMembers("sftp"u8, SftpWords.Of(sftp.Actions));
                WriteMembers("paths"u8, sftp.Paths.Select(p => p.ToString()));
                break;
            default:
                WriteMember("asked"u8, operation.ToString());
                break;
        }
    }

    private void WriteEnvironment(IReadOnlyList<string> environment)
    {
        if (environment.Count > 0)
        {
            WriteMembers("environment"u8, environment);
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

    private void WriteMember(ReadOnlySpan<byte> name, string? value)
    {
        if (value is null)
        {
            return;
        }

        WriteName(name);
        byte[] text = Encoding.UTF8.GetBytes(value);
        AuditText.WriteString(_record, text.AsSpan(0, Math.Min(text.Length, MostText)));
        if (text.Length > MostText)
        {
            // What is cut is known by its digest.
            WriteDigest(text);
        }
    }

    private void WriteMembers(ReadOnlySpan<byte> name, IEnumerable<string> values)
    {
        WriteName(name);
        _record.Write("["u8);
        bool isFirst = true, isCut = false;
        int left = MostText;
        foreach (byte[] text in values.Select(Encoding.UTF8.GetBytes))
        {
            _record.Write(isFirst ? ""u8 : ","u8);
            AuditText.WriteString(_record, text.AsSpan(0, Math.Min(text.Length, left)));
            isCut |= text.Length > left;
            left -= Math.Min(text.Length, left);
            isFirst = false;
        }

        _record.Write("]"u8);
        if (isCut)
        {
            WriteDigest(Encoding.UTF8.GetBytes(string.Join('\0', values)));
        }
    }

    private void WriteName(ReadOnlySpan<byte> name)
    {
        _record.Write(",\""u8);
        _record.Write(name);
        _record.Write("\":"u8);
    }

    private void WriteDigest(byte[] text)
    {
        _record.Write(",\"sha256\":"u8);
        AuditText.WriteString(_record, Encoding.ASCII.GetBytes(Convert.ToHexStringLower(SHA256.HashData(text))));
    }
}
