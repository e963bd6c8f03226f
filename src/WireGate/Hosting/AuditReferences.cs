using System.Text.Json;
using WireGate.Core.Audit;

namespace WireGate.Hosting;

/// <summary>Looks references up in the audit log itself: what it says is what counts.</summary>
internal sealed class AuditReferences(string directory) : IReferenceLookup
{
    public async ValueTask<ReferencedRecord?> FindAsync(string reference, CancellationToken cancellationToken)
    {
        (AuditRecord? found, AuditRecord? session) = await Task.Run(() => Find(reference), cancellationToken);
        return found is null ? null : new ReferencedRecord(new AuditPosition(found.Chain, found.Sequence), found.Time, found.Payload, session?.Payload);
    }

    private (AuditRecord? Found, AuditRecord? Session) Find(string reference)
    {
        if (AuditReader.FindReference(directory, reference) is not { } found)
        {
            return default;
        }

        using JsonDocument record = JsonDocument.Parse(found.Payload);
        bool isAnonymous = !record.RootElement.TryGetProperty("identity", out _);
        return isAnonymous && record.RootElement.TryGetProperty("session", out JsonElement session) && session.GetString() is { } id
            ? (found, AuditReader.FindSession(directory, id))
            : (found, null);
    }
}
