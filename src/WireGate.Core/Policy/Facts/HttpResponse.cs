namespace WireGate.Core.Policy.Facts;

/// <summary>What a request was answered, as far as rules see it.</summary>
/// <param name="Status">Its status.</param>
/// <param name="ContentType">The type of its body, in lower case and without parameters; null: it says none.</param>
/// <param name="HasBody">Whether there is a body at all, of that type or of none.</param>
public sealed record HttpResponse(int Status, string? ContentType, bool HasBody)
{
    /// <summary>It says more than one type, or what is none: nobody knows how whoever gets it reads it.</summary>
    public bool IsAmbiguous { get; init; }
}
