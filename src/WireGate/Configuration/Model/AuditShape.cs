using WireGate.Configuration.Shapes;
using WireGate.Core.Configuration;

namespace WireGate.Configuration.Model;

/// <summary><c>audit</c>.</summary>
internal sealed class AuditShape : MapShape<AuditConfig>
{
    private readonly Key<string> _to;
    private readonly Key<ReadAudit> _reads;

    public AuditShape()
    {
        _to = Required("to", Words.Directory, a => a.Directory, "The absolute path of the directory that it is written to.");
        NotBuilt("checkpoints", "checkpoints off the host");
        _reads = Defaulted(
            "reads",
            new ChoiceShape<ReadAudit>([("wait", ReadAudit.Wait), ("batched", ReadAudit.Batched)]),
            a => a.Reads,
            "The answer to a read waits until the disk has its record (wait, the default), or a power cut may take a second of such records (batched).");
    }

    protected override AuditConfig Build(MapValues values) => new()
    {
        Directory = values.Get(_to),
        Reads = values.Get(_reads, ReadAudit.Wait),
    };
}
