using WireGate.Core.Audit;

namespace WireGate.Hosting;

/// <summary>Looks references up in the audit log itself: what it says is what counts.</summary>
internal sealed class AuditReferences(string directory) : IReferenceLookup
{
    public async ValueTask<ReferencedRecord?> FindAsync(string reference, CancellationToken cancellationToken)
    {
        AuditRecord? found = await Task.Run(() => AuditReader.FindReference(directory, reference), cancellationToken);
        return found is null ? null : new ReferencedRecord(new AuditPosition(found.Chain, found.Sequence), found.Time, found.Payload);
    }
}
