using System.Text;
using WireGate.Core.Audit;
using WireGate.Core.Policy;
using WireGate.Core.Policy.Facts;
using WireGate.Core.Sessions;
using WireGate.Http.Http1;

namespace WireGate.Http.Operations;

/// <summary>Writes what a client asks for, and what was decided, before anything of it goes upstream.</summary>
internal sealed class OperationLog(IAuditLog audit)
{
    /// <summary>A request that passes.</summary>
    public AuditPosition Allowed(Session session, RequestHead head, HttpOperation operation, in Decision decision)
    {
        OperationRecord record = Begin(session, head, operation, decision);
        return audit.Append(record.Written);
    }

    /// <summary>A request that people are asked about.</summary>
    public void Held(Session session, RequestHead head, HttpOperation operation, in Decision decision, string? body)
    {
        OperationRecord record = Begin(session, head, operation, decision);
        record.Member("body"u8, body);
        audit.Append(record.Written);
    }

    /// <summary>A request whose client may come back for what people have not decided yet.</summary>
    /// <param name="session">Whose it is.</param>
    /// <param name="head">What was asked.</param>
    /// <param name="operation">What that is to rules.</param>
    /// <param name="decision">What was decided.</param>
    /// <param name="approval">What it comes back for.</param>
    /// <param name="reference">What the client is told.</param>
    public void Waits(Session session, RequestHead head, HttpOperation operation, in Decision decision, string approval, string reference)
    {
        OperationRecord record = Begin(session, head, operation, decision);
        record.Member("approval"u8, approval);
        record.Member("ref"u8, reference);
        record.Member("reason"u8, "nobody has decided yet: its client may come back");
        audit.Append(record.Written);
    }

    /// <summary>A request that people have approved, and that is made now.</summary>
    public AuditPosition Approved(Session session, RequestHead head, HttpOperation operation, in Decision decision, string approval, string? body)
    {
        OperationRecord record = Begin(session, head, operation, decision with { Verdict = Verdict.Allow });
        record.Member("body"u8, body);
        record.Member("approval"u8, approval);
        return audit.Append(record.Written);
    }

    /// <summary>A request that is refused.</summary>
    /// <param name="session">Whose it is.</param>
    /// <param name="head">What was asked.</param>
    /// <param name="operation">What that is to rules.</param>
    /// <param name="decision">What was decided.</param>
    /// <param name="reference">What the client is told.</param>
    public void Denied(Session session, RequestHead head, HttpOperation operation, in Decision decision, string reference)
    {
        OperationRecord record = Begin(session, head, operation, decision);
        record.Refused(decision, reference);
        audit.Append(record.Written);
    }

    /// <summary>A port-forward that has ended.</summary>
    /// <param name="session">Whose it is.</param>
    /// <param name="head">What was asked.</param>
    /// <param name="operation">What that is to rules.</param>
    /// <param name="decision">What was decided.</param>
    /// <param name="ports">Bytes of each port.</param>
    public void Carried(Session session, RequestHead head, HttpOperation operation, in Decision decision, string ports)
    {
        OperationRecord record = Begin(session, head, operation, decision, "ports"u8);
        record.Member("ports"u8, ports);
        audit.Append(record.Written);
    }

    /// <summary>A request that passed, and whose body has grown too long since: a part of it has reached the upstream.</summary>
    /// <param name="session">Whose it is.</param>
    /// <param name="head">What was asked.</param>
    /// <param name="operation">What that is to rules.</param>
    /// <param name="decision">Why it was cut.</param>
    /// <param name="reference">What the client is told.</param>
    public void Cut(Session session, RequestHead head, HttpOperation operation, in Decision decision, string reference)
    {
        OperationRecord record = Begin(session, head, operation, decision, "request"u8);
        record.Member("request"u8, "cut");
        record.Member("ref"u8, reference);
        record.Member("reason"u8, decision.Reason);
        audit.Append(record.Written);
    }

    /// <summary>What a request that was made is answered, where rules say something to that.</summary>
    /// <param name="session">Whose it is.</param>
    /// <param name="head">What was asked.</param>
    /// <param name="operation">What that is to rules, with its answer.</param>
    /// <param name="decision">What of the answer passes.</param>
    /// <param name="reference">What the client is told; null: it gets the answer.</param>
    public void Answered(Session session, RequestHead head, HttpOperation operation, in Decision decision, string? reference)
    {
        OperationRecord record = Begin(session, head, operation, decision, "response"u8);
        record.Member("request"u8, "made");
        record.Member("status"u8, operation.Response!.Status);
        if (operation.Response.ContentType is { } type)
        {
            record.Fact("contentType"u8, Encoding.Latin1.GetBytes(type), "contentTypeSha256"u8);
        }

        record.Member("ref"u8, reference);
        record.Member("reason"u8, reference is null ? null : decision.Reason);
        record.Member("fault"u8, decision.Fault?.ToString());
        audit.Append(record.Written);
    }

    private static OperationRecord Begin(Session session, RequestHead head, HttpOperation operation, in Decision decision, ReadOnlySpan<byte> kind = default)
    {
        OperationRecord record = OperationRecord.Begin(kind.IsEmpty ? "operation"u8 : kind);
        record.Member("session"u8, session.Id);
        record.Decided(decision);
        record.Member("method"u8, operation.Method);
        record.Member("host"u8, operation.Host);
        RequestTarget target = head.ReadTarget();
        record.Fact("path"u8, target.Form == TargetForm.Asterisk ? "*"u8 : target.Path.IsEmpty ? "/"u8 : target.Path, "pathSha256"u8);
        if (target.HasQuery)
        {
            record.Fact("query"u8, WithoutPlaceholder(target.Query), "querySha256"u8);
        }

        if (!head.Upgrade.IsEmpty)
        {
            record.Member("upgrade"u8, Encoding.ASCII.GetString(head.Upgrade));
        }

        if (operation.Kubernetes is { IsResource: true } kubernetes)
        {
            WriteResource(record, kubernetes);
        }

        record.Member("unknown"u8, operation.Unknown);
        return record;
    }

    // What clients call things may be as long as a path.
    private static void WriteResource(OperationRecord record, KubernetesRequest request)
    {
        record.Member("verb"u8, request.Verb);
        record.Member("patch"u8, request.Applies ? "apply" : null);
        WritePart(record, "group"u8, request.Group, "groupSha256"u8);
        WritePart(record, "resource"u8, request.Resource, "resourceSha256"u8);
        WritePart(record, "subresource"u8, request.Subresource, "subresourceSha256"u8);
        WritePart(record, "namespace"u8, request.Namespace, "namespaceSha256"u8);
        WritePart(record, "name"u8, request.Name, "nameSha256"u8);
    }

    private static void WritePart(OperationRecord record, ReadOnlySpan<byte> name, string value, ReadOnlySpan<byte> digest)
    {
        if (value.Length > 0)
        {
            record.Fact(name, value, digest);
        }
    }

    // It would be in the log for whoever reads that.
    private static byte[] WithoutPlaceholder(ReadOnlySpan<byte> query)
    {
        if (!Core.Credentials.PlaceholderToken.IsWithin(query))
        {
            return query.ToArray();
        }

        var shown = new List<string>();
        foreach (Range range in query.Split((byte)'&'))
        {
            ReadOnlySpan<byte> pair = query[range];
            shown.Add(Core.Credentials.PlaceholderToken.IsWithin(pair)
                ? $"{Encoding.ASCII.GetString(pair[..Math.Max(0, pair.IndexOf((byte)'='))])}=***" : Encoding.ASCII.GetString(pair));
        }

        return Encoding.ASCII.GetBytes(string.Join('&', shown));
    }
}
