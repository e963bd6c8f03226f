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
    private readonly OperationRecord _record = new();

    /// <summary>A request that passes.</summary>
    public AuditPosition Allowed(Session session, RequestHead head, HttpOperation operation, in Decision decision)
    {
        WriteHead(session, head, operation, decision);
        return audit.Append(_record.Written);
    }

    /// <summary>A request that people are asked about.</summary>
    public void Held(Session session, RequestHead head, HttpOperation operation, in Decision decision, string? body)
    {
        WriteHead(session, head, operation, decision);
        _record.Member("body"u8, body);
        audit.Append(_record.Written);
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
        WriteHead(session, head, operation, decision);
        _record.Member("approval"u8, approval);
        _record.Member("ref"u8, reference);
        _record.Member("reason"u8, "nobody has decided yet: its client may come back");
        audit.Append(_record.Written);
    }

    /// <summary>A request that people have approved, and that is made now.</summary>
    public AuditPosition Approved(Session session, RequestHead head, HttpOperation operation, in Decision decision, string approval, string? body)
    {
        WriteHead(session, head, operation, decision with { Verdict = Verdict.Allow });
        _record.Member("body"u8, body);
        _record.Member("approval"u8, approval);
        return audit.Append(_record.Written);
    }

    /// <summary>A request that is refused.</summary>
    /// <param name="session">Whose it is.</param>
    /// <param name="head">What was asked.</param>
    /// <param name="operation">What that is to rules.</param>
    /// <param name="decision">What was decided.</param>
    /// <param name="reference">What the client is told.</param>
    public void Denied(Session session, RequestHead head, HttpOperation operation, in Decision decision, string reference)
    {
        WriteHead(session, head, operation, decision);
        _record.Member("ref"u8, reference);
        _record.Member("reason"u8, decision.Reason);
        _record.Member("near"u8, decision.Near);
        _record.Member("fault"u8, decision.Fault?.ToString());
        audit.Append(_record.Written);
    }

    /// <summary>A port-forward that has ended.</summary>
    /// <param name="session">Whose it is.</param>
    /// <param name="head">What was asked.</param>
    /// <param name="operation">What that is to rules.</param>
    /// <param name="decision">What was decided.</param>
    /// <param name="ports">Bytes of each port.</param>
    public void Carried(Session session, RequestHead head, HttpOperation operation, in Decision decision, string ports)
    {
        WriteHead(session, head, operation, decision, "ports"u8);
        _record.Member("ports"u8, ports);
        audit.Append(_record.Written);
    }

    /// <summary>A request that passed, and whose body has grown too long since: a part of it has reached the upstream.</summary>
    /// <param name="session">Whose it is.</param>
    /// <param name="head">What was asked.</param>
    /// <param name="operation">What that is to rules.</param>
    /// <param name="decision">Why it was cut.</param>
    /// <param name="reference">What the client is told.</param>
    public void Cut(Session session, RequestHead head, HttpOperation operation, in Decision decision, string reference)
    {
        WriteHead(session, head, operation, decision, "request"u8);
        _record.Member("request"u8, "cut");
        _record.Member("ref"u8, reference);
        _record.Member("reason"u8, decision.Reason);
        audit.Append(_record.Written);
    }

    /// <summary>What a request that was made is answered, where rules say something to that.</summary>
    /// <param name="session">Whose it is.</param>
    /// <param name="head">What was asked.</param>
    /// <param name="operation">What that is to rules, with its answer.</param>
    /// <param name="decision">What of the answer passes.</param>
    /// <param name="reference">What the client is told; null: it gets the answer.</param>
    public void Answered(Session session, RequestHead head, HttpOperation operation, in Decision decision, string? reference)
    {
        WriteHead(session, head, operation, decision, "response"u8);
        _record.Member("request"u8, "made");
        _record.Member("status"u8, operation.Response!.Status);
        if (operation.Response.ContentType is { } type)
        {
            _record.Fact("contentType"u8, Encoding.Latin1.GetBytes(type), "contentTypeSha256"u8);
        }

        _record.Member("ref"u8, reference);
        _record.Member("reason"u8, reference is null ? null : decision.Reason);
        _record.Member("fault"u8, decision.Fault?.ToString());
        audit.Append(_record.Written);
    }

    private void WriteHead(Session session, RequestHead head, HttpOperation operation, in Decision decision, ReadOnlySpan<byte> kind = default)
    {
        _record.Begin(kind.IsEmpty ? "operation"u8 : kind);
        _record.Member("session"u8, session.Id);
        _record.Member("config"u8, decision.Config);
        _record.Member("verdict"u8, decision.Verdict switch { Verdict.Allow => "allow", Verdict.Hold => "hold", _ => "deny" });
        _record.Member("rule"u8, decision.Rule);
        if (decision.Observed.Length > 0)
        {
            _record.Member("observed"u8, string.Join(", ", decision.Observed));
        }

        _record.Member("masks"u8, decision.Masks.IsEmpty ? null : decision.Masks.ToString());
        _record.Member("method"u8, operation.Method);
        _record.Member("host"u8, operation.Host);
        RequestTarget target = head.ReadTarget();
        _record.Fact("path"u8, target.Form == TargetForm.Asterisk ? "*"u8 : target.Path.IsEmpty ? "/"u8 : target.Path, "pathSha256"u8);
        if (target.HasQuery)
        {
            _record.Fact("query"u8, WithoutPlaceholder(target.Query), "querySha256"u8);
        }

        if (!head.Upgrade.IsEmpty)
        {
            _record.Member("upgrade"u8, Encoding.ASCII.GetString(head.Upgrade));
        }

        if (operation.Kubernetes is { IsResource: true } kubernetes)
        {
            WriteResource(kubernetes);
        }

        _record.Member("unknown"u8, operation.Unknown);
    }

    // What clients call things may be as long as a path.
    private void WriteResource(KubernetesRequest request)
    {
        _record.Member("verb"u8, request.Verb);
        WritePart("group"u8, request.Group, "groupSha256"u8);
        WritePart("resource"u8, request.Resource, "resourceSha256"u8);
        WritePart("subresource"u8, request.Subresource, "subresourceSha256"u8);
        WritePart("namespace"u8, request.Namespace, "namespaceSha256"u8);
        WritePart("name"u8, request.Name, "nameSha256"u8);
    }

    private void WritePart(ReadOnlySpan<byte> name, string value, ReadOnlySpan<byte> digest)
    {
        if (value.Length > 0)
        {
            _record.Fact(name, Encoding.UTF8.GetBytes(value), digest);
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
