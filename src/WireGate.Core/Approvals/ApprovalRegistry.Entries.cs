namespace WireGate.Core.Approvals;

/// <content>What is in memory.</content>
public sealed partial class ApprovalRegistry
{
    /// <summary>How it is to end, which the store did not take yet.</summary>
    private sealed record MeantEnd(ApprovalState State, string? Detail, bool IsRecorded = false);

    private sealed class Entry(Approval approval)
    {
        private volatile MeantEnd? _meant;
        private volatile Approval _now = approval;

        public Approval Now
        {
            get => _now;
            set => _now = value;
        }

        /// <summary>Null: nothing is, but for its deadline.</summary>
        public MeantEnd? Meant
        {
            get => _meant;
            set => _meant = value;
        }

        /// <summary>As it is for everybody, whether the store has it or not.</summary>
        public Approval Seen
        {
            get
            {
                Approval now = Now;
                return Meant is { } meant && now.State.MayBecome(meant.State) ? now with { State = meant.State, Detail = meant.Detail } : now;
            }
        }

        public TaskCompletionSource<Approval> Decided { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
