using System.Buffers;
using System.Text;
using WireGate.Core.Audit;
using WireGate.Core.Policy;
using WireGate.Core.Policy.Facts;
using WireGate.Core.Sessions;

namespace WireGate.Ssh.Operations;

/// <summary>Writes what a session asks for, and what was decided, before anything of it goes upstream.</summary>
internal sealed class OperationLog(Session session, IAuditLog audit)
{
    private static ReadOnlySpan<byte> Sha256 => "sha256"u8;

    /// <summary>An operation that passes.</summary>
    /// <param name="operation">What was asked.</param>
    /// <param name="decision">What was decided.</param>
    /// <param name="environment">What the client has set for it: <c>NAME=value</c> each.</param>
    public AuditPosition Allowed(SshOperation operation, in Decision decision, IReadOnlyList<string> environment)
    {
        OperationRecord record = Begin(operation, decision);
        WriteEnvironment(record, environment);
        return audit.Append(record.Written);
    }

    /// <summary>An operation that people are asked about.</summary>
    public void Held(SshOperation operation, in Decision decision)
    {
        OperationRecord record = Begin(operation, decision);
        audit.Append(record.Written);
    }

    /// <summary>An operation that people have approved, and that runs now.</summary>
    public AuditPosition Approved(HeldOperation held, in Decision decision, string approval)
    {
        OperationRecord record = Begin(held.Operation, decision with { Verdict = Verdict.Allow });
        WriteEnvironment(record, held.Environment);
        record.Member("approval"u8, approval);
        return audit.Append(record.Written);
    }

    /// <summary>An operation that is refused.</summary>
    /// <param name="operation">What was asked.</param>
    /// <param name="decision">What was decided.</param>
    /// <param name="reference">What the client is told.</param>
    public void Denied(SshOperation operation, in Decision decision, string reference)
    {
        OperationRecord record = Begin(operation, decision);
        record.Refused(decision, reference);
        audit.Append(record.Written);
    }

    /// <summary>A file that is closed again.</summary>
    /// <param name="path">As the client opened it.</param>
    /// <param name="read">Bytes that went to the client.</param>
    /// <param name="written">Bytes that came from it.</param>
    public void Transferred(SshPath path, long read, long written)
    {
        OperationRecord record = OperationRecord.Begin("transfer"u8);
        record.Member("session"u8, session.Id);
        record.Fact("path"u8, path.ToString(), Sha256);
        record.Member("read"u8, read);
        record.Member("written"u8, written);
        audit.Append(record.Written);
    }

    private OperationRecord Begin(SshOperation operation, in Decision decision)
    {
        OperationRecord record = OperationRecord.Begin("operation"u8);
        record.Member("session"u8, session.Id);
        record.Decided(decision);
        WriteFacts(record, operation);
        record.Member("unknown"u8, operation.Unknown);
        return record;
    }

    private static void WriteFacts(OperationRecord record, SshOperation operation)
    {
        switch (operation)
        {
            case SshExec exec:
                WriteCommand(record, exec);
                WritePty(record, exec.HasPty);
                if (exec.Copy is { } copy)
                {
                    record.Member("copy"u8, CopyWords.Of(copy.Program));
                    record.Facts("operations"u8, CopyWords.Of(copy.Actions), Sha256);
                    record.Facts("paths"u8, copy.Paths.Select(p => p.ToString()), "pathsSha256"u8);
                }

                break;
            case SshShell shell:
                record.Member("shell"u8, "");
                WritePty(record, shell.HasPty);
                break;
            case SshSubsystem subsystem:
                record.Fact("subsystem"u8, subsystem.Written, Sha256);
                WritePty(record, subsystem.HasPty);
                break;
            case SshForward forward:
                record.Fact("forward"u8, forward.ToString(), Sha256);
                break;
            case SshRequest request:
                record.Fact("request"u8, request.Name, Sha256);
                record.Member("of"u8, request.IsGlobal ? "connection" : "channel");
                break;
            case SftpOperation sftp:
                record.Facts("sftp"u8, SftpWords.Of(sftp.Actions), Sha256);
                record.Facts("paths"u8, sftp.Paths.Select(p => p.ToString()), Sha256);
                break;
            default:
                record.Fact("asked"u8, operation.ToString(), Sha256);
                break;
        }
    }

    private static void WriteEnvironment(OperationRecord record, IReadOnlyList<string> environment)
    {
        if (environment.Count > 0)
        {
            record.Facts("environment"u8, environment, "environmentSha256"u8);
        }
    }

    private static void WritePty(OperationRecord record, bool hasPty)
    {
        if (hasPty)
        {
            record.Members.Write(",\"pty\":true"u8);
        }
    }

    // Of what is no text, or too long to be looked at, the bytes as they came are known by their digest.
    private static void WriteCommand(OperationRecord record, SshExec exec)
    {
        if (exec.Command is not null)
        {
            record.Fact("exec"u8, exec.Command, Sha256);
            return;
        }

        record.TryFact("exec"u8, Encoding.UTF8.GetBytes(exec.Written));
        record.Member("bytes"u8, exec.Undecoded.Length);
        record.Digest(Sha256, exec.Undecoded.Span);
    }
}
