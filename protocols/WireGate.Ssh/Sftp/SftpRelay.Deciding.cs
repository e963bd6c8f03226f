using WireGate.Core.Framing;
using WireGate.Core.Policy.Facts;
using WireGate.Ssh.Operations;

namespace WireGate.Ssh.Sftp;

/// <content>What becomes of each request.</content>
internal sealed partial class SftpRelay
{
    private const string CannotWait = "one request of SFTP cannot wait for one: hold the subsystem";

    private async ValueTask<Fate> DecideAsync()
    {
        Fate? passes = DecideHere(out SftpOperation? operation, out string? refusal, out SftpPending pending);
        if (passes is { } fate)
        {
            return fate;
        }

        Judgement judgement = refusal is not null ? judge.Refuse(operation!, refusal)
            : operation is not null ? await judge.JudgeAsync(operation, CannotWait)
            : new Judgement(true, null);
        SftpRequest.TryRead(_requests.Head, out SftpRequest request);
        if (judgement.IsAllowed)
        {
            if (operation is not null)
            {
                channel.Recording?.Done(operation);
            }

            _files.Ask(request.Id, pending, request.Handle);
            return Fate.Pass;
        }

        _answers.Add(request.Id, $"wiregate: {judgement.Refusal ?? "the session has ended"}", (uint)_requests.Collected);
        return Fate.Drop;
    }

    /// <summary>What needs no rule.</summary>
    /// <returns>Null: rules decide about <paramref name="operation"/>, unless there is a refusal or nothing to judge.</returns>
    private Fate? DecideHere(out SftpOperation? operation, out string? refusal, out SftpPending pending)
    {
        SftpRequest.TryRead(_requests.Head, out SftpRequest request);
        (operation, refusal, pending) = (null, null, default);
        if (request.Type == SftpType.SSH_FXP_INIT)
        {
            return DecideInit(request.Id);
        }

        SftpFile? file = null;
        refusal = request.Fault
            ?? (!_hasInit ? "no SSH_FXP_INIT came before it"
            : _files.IsPending(request.Id) ? "its id is that of a request that waits for its answer"
            : !_files.HasRoomToAsk ? "too many requests wait for their answers"
            : request.HasHandle && !(_files.TryGet(request.Handle, out file) && HasOther(request)) ? "its handle is none that is open"
            : request.Type == SftpType.SSH_FXP_OPEN && SftpFacts.HasUnknownFlags(request.Flags) ? "its flags are not known"
            : request.Type is SftpType.SSH_FXP_OPEN or SftpType.SSH_FXP_OPENDIR && !_files.HasRoom ? "too many files are open"
            : null);
        operation = refusal is null ? SftpFacts.Of(request, file) : SftpFacts.OfRefused(request);
        bool isOpen = request.Type is SftpType.SSH_FXP_OPEN or SftpType.SSH_FXP_OPENDIR;
        pending = new SftpPending(request.Type, isOpen && refusal is null ? new SftpFile(operation!.Paths[0]) : file, request.DataLength);
        return null;
    }

    private bool HasOther(in SftpRequest request) => request.Extension != SftpExtension.CopyData || _files.TryGet(request.OtherHandle, out _);

    private Fate DecideInit(uint version)
    {
        if (_hasInit || version < Version)
        {
            ProtocolException.Throw(Peer.Client, "an SSH_FXP_INIT that is not the first, or of a version before 3");
        }

        _hasInit = true;
        return version == Version ? Fate.Pass : Fate.Replace;
    }
}
