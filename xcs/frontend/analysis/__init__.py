"""What a callable may do: facts that the analysis of effects and capture share."""
