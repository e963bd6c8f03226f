using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using WireGate.Core.Approvals;
using WireGate.Core.Policy;

namespace WireGate.Http.Holding;

/// <summary>What a client is told of an approval for which it may come back.</summary>
internal static class HoldAnswers
{
    /// <summary>The field with which a client comes back.</summary>
    public const string Field = "WireGate-Approval";

    /// <summary>Where a client looks, on the listener that it asked, with the id behind it.</summary>
    public const string Place = "/.well-known/wiregate/approvals/";

    /// <summary>After that it is worth looking again.</summary>
    public static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(15);

    private static readonly JsonWriterOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary><see cref="Place"/>, as it stands in a request.</summary>
    public static ReadOnlySpan<byte> PlaceBytes => "/.well-known/wiregate/approvals/"u8;

    /// <summary>Who decides, and how to come back.</summary>
    public static string DetailOf(Approval approval) =>
        $"{ApprovalNotice.Of(approval).Message}; then send the very same request again, with the field {Field}: {approval.Id}";

    /// <summary>Nobody has decided yet: 403, in the words of any refusal (RFC 9457), or 202 for who prefers that.</summary>
    /// <param name="status">Which of them.</param>
    /// <param name="approval">It.</param>
    /// <param name="reference">What the audit log has in common with it.</param>
    public static Answer Pending(int status, Approval approval, string reference)
    {
        string detail = DetailOf(approval);
        return Of(status, status == 202 ? "application/json" : "application/problem+json", approval, json =>
        {
            if (status != 202)
            {
                json.WriteString("type"u8, "urn:wiregate:approval-required");
                json.WriteString("title"u8, Refusals.TitleOf(status));
                json.WriteNumber("status"u8, status);
            }

            json.WriteString("detail"u8, detail);
            json.WriteString("ref"u8, reference);
            WriteMembers(json, approval);
        });
    }

    /// <summary>How far it is.</summary>
    public static Answer State(Approval approval) => Of(200, "application/json", approval, json => WriteMembers(json, approval));

    private static Answer Of(int status, string type, Approval approval, Action<Utf8JsonWriter> write)
    {
        var body = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(body, Readable))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }

        body.Write("\n"u8);
        List<(string Name, string Value)> fields = [(Field, approval.Id)];
        if (approval.State == ApprovalState.Pending)
        {
            fields.Add(("Retry-After", LookAgain.TotalSeconds.ToString(CultureInfo.InvariantCulture)));
        }

        if (status == 202)
        {
            fields.Add(("Location", Place + approval.Id));
            fields.Add(("Preference-Applied", "respond-async"));
        }

        return new Answer(status, type, body.WrittenMemory) { Fields = fields };
    }

    private static void WriteMembers(Utf8JsonWriter json, Approval approval)
    {
        json.WriteString("approval"u8, approval.Id);
        json.WriteString("state"u8, approval.State.ToString().ToLowerInvariant());
        json.WriteStartArray("approvers"u8);
        foreach (ApproverTerms terms in approval.Request.Terms.Approvers)
        {
            json.WriteStartObject();
            json.WriteNumber("count"u8, terms.Count);
            json.WriteStartArray("groups"u8);
            foreach (string group in terms.Groups)
            {
                json.WriteStringValue(group);
            }

            json.WriteEndArray();
            if (terms.Issuer is { } issuer)
            {
                json.WriteString("issuer"u8, issuer);
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
        if (approval.Deadline is { } until)
        {
            json.WriteString("until"u8, until.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture));
        }

        if (approval.Detail is { } detail && approval.State is not ApprovalState.Pending)
        {
            json.WriteString("reason"u8, detail);
        }

        json.WriteString("url"u8, Place + approval.Id);
    }
}
